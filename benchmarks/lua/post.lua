-- POSTs one new observation after another, on every connection. Run it with one thread: one counter numbers them.
-- After the URL comes the file with the settings of the run (benchmarks/wrk.py writes it).

sent = 0

local observation
local threads = {}

function setup(thread)
  table.insert(threads, thread)
end

function init(args)
  local settings = dofile(args[1])
  observation = dofile(settings.scripts .. "/observation.lua")(settings)
end

function request()
  sent = sent + 1
  return observation.post(sent - 1)
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    'RESULT {"sent": %d, "answered": %d, "seconds": %.6f, "errors": %d, "p50_ms": %.3f, "p99_ms": %.3f}\n',
    threads[1]:get("sent"), summary.requests, summary.duration / 1e6,
    errors.connect + errors.read + errors.write + errors.timeout + errors.status,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
