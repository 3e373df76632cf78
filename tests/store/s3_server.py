"""An S3 server on loopback for the tests; tells its port on stdout and ends with its stdin.

Requests take turns, so that a conditional put is one step here as it is in S3.
"""

import os
import sys
import threading

from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server


def end_with_stdin():
    sys.stdin.buffer.read()
    os._exit(0)


threading.Thread(target=end_with_stdin, daemon=True).start()
app = DomainDispatcherApplication(create_backend_app)
server = make_server("127.0.0.1", 0, app, threaded=False)
print(server.port, flush=True)
server.serve_forever()
