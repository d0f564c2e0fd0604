-- Prints what wrk has counted as the other programs do: one line of JSON.
function done(summary, latency, requests)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.timeout + errors.status
  if failed > 0 then
    io.stderr:write(string.format("%d of %d requests failed\n", failed, summary.requests))
    os.exit(1)
  end
  io.write(string.format('{"operations": %d, "rate": %.3f, "p50": %d, "p90": %d, "p99": %d, "p999": %d}\n',
    summary.requests, summary.requests / (summary.duration / 1e6), latency:percentile(50), latency:percentile(90),
    latency:percentile(99), latency:percentile(99.9)))
end
