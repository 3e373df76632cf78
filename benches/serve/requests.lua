-- For wrk: POST of prepared bodies in turn, and what came of them as one line of JSON.
local requests, count, turn = {}, 0, 0

function init(args)
  local head = "POST " .. (args[2] or "/v1/checks") .. " HTTP/1.1\r\nHost: city\r\nAuthorization: Bearer " .. os.getenv("TOKEN") ..
    "\r\nContent-Type: application/json\r\nContent-Length: "
  for body in io.lines(args[1]) do
    count = count + 1
    requests[count] = head .. #body .. "\r\n\r\n" .. body
  end
end

function request()
  turn = turn % count + 1
  return requests[turn]
end

function done(summary, latency, _)
  local errors = summary.errors
  io.write(string.format('{"requests":%d,"seconds":%.6f,"refused":%d,"failed":%d,"p50_us":%d,"p99_us":%d}\n',
    summary.requests, summary.duration / 1e6, errors.status, errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50), latency:percentile(99)))
end
