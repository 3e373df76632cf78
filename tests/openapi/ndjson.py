"""One line of a batch is a body of a check: schemathesis knows no NDJSON of its own."""

import json

import schemathesis


@schemathesis.serializer("application/x-ndjson")
def ndjson(ctx, value):
    return json.dumps(value).encode() + b"\n"


@schemathesis.deserializer("application/x-ndjson")
def lines(ctx, response):
    # The first line; the schema is that of a line.
    return json.loads(response.content.splitlines()[0])
