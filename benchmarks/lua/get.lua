-- GETs one address again and again, on every connection.

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    'RESULT {"answered": %d, "seconds": %.6f, "errors": %d, "p50_ms": %.3f, "p99_ms": %.3f}\n',
    summary.requests, summary.duration / 1e6,
    errors.connect + errors.read + errors.write + errors.timeout + errors.status,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
