-- Plays garages: each submits an observation, asks for its status after a pause, again and again until there is an
-- outcome, and submits the next. wrk does not say which connection an answer came on, so every thread has one
-- connection; its garages take turns on it, as behind a proxy that keeps connections open.

local ffi = require("ffi")
ffi.cdef [[
  typedef struct { long seconds; long nanoseconds; } moment;
  int clock_gettime(int clock, moment *now);
]]
local reading = ffi.new("moment")

local function now() -- milliseconds, from an arbitrary start
  ffi.C.clock_gettime(1, reading)
  return tonumber(reading.seconds) * 1e3 + tonumber(reading.nanoseconds) / 1e6
end

-- Counts of what took so many milliseconds; the last entry also counts what took longer.
local SLOTS = 20000

local function count(histogram, milliseconds)
  local slot = math.min(math.floor(milliseconds) + 1, SLOTS)
  histogram[slot] = (histogram[slot] or 0) + 1
end

sent, accepted, polls, settled, failed = 0, 0, 0, 0, 0
statuses = {}
post_times = {}
outcome_times = {}
first_failure = ""

local observation, settings
local idle = 0 -- garages with nothing under way
local queue, head, tail = {}, 1, 0 -- cases under way, in the order in which they are to be asked for
local current

function setup(thread)
  if not threads then threads = {} end
  table.insert(threads, thread)
  thread:set("place", #threads - 1)
end

function init(args)
  settings = dofile(args[1])
  settings.first = settings.first + place
  observation = dofile(settings.scripts .. "/observation.lua")(settings)
  idle = settings.garages
end

function delay()
  if idle > 0 then return 0 end
  return math.max(0, math.ceil(queue[head].due - now()))
end

function request()
  if idle > 0 then
    idle = idle - 1
    current = { n = sent * settings.threads, began = now() }
    sent = sent + 1
    return observation.post(current.n)
  end
  current = queue[head]
  queue[head] = nil
  head = head + 1
  polls = polls + 1
  return observation.status(current.n, current.guid)
end

local function ask_later(case)
  case.due = now() + settings.pause
  tail = tail + 1
  queue[tail] = case
end

local function fail(status, body)
  failed = failed + 1
  idle = idle + 1
  if first_failure == "" then first_failure = status .. " " .. body:sub(1, 200) end
end

function response(status, headers, body)
  local case = current
  if status ~= 200 then return fail(status, body) end
  if not case.guid then
    case.guid = body:match('"requestGuid": ?"([^"]+)"')
    if not case.guid then return fail(status, body) end
    accepted = accepted + 1
    case.accepted = now()
    count(post_times, case.accepted - case.began)
    return ask_later(case)
  end
  local outcome = body:match('"status": ?"([^"]+)"')
  if outcome == "ONGOING" then return ask_later(case) end
  settled = settled + 1
  statuses[outcome] = (statuses[outcome] or 0) + 1
  count(outcome_times, now() - case.accepted)
  idle = idle + 1
end

local function sum(name)
  local total = 0
  for _, thread in ipairs(threads) do total = total + thread:get(name) end
  return total
end

local function merged(name)
  local parts = {}
  local total = {}
  for _, thread in ipairs(threads) do
    for key, number in pairs(thread:get(name)) do total[key] = (total[key] or 0) + number end
  end
  for key, number in pairs(total) do table.insert(parts, string.format('"%s": %d', key, number)) end
  return "{" .. table.concat(parts, ", ") .. "}"
end

function done(summary)
  local errors = summary.errors
  local most, first_failure = 0, ""
  for _, thread in ipairs(threads) do
    most = math.max(most, thread:get("sent"))
    if first_failure == "" then first_failure = thread:get("first_failure") end
  end
  io.write(string.format(
    'RESULT {"sent": %d, "accepted": %d, "polls": %d, "settled": %d, "failed": %d, "errors": %d, "seconds": %.6f, ' ..
    '"statuses": %s, "post_ms": %s, "outcome_ms": %s, "first_failure": "%s"}\n',
    most * #threads, sum("accepted"), sum("polls"), sum("settled"), sum("failed"),
    errors.connect + errors.read + errors.write + errors.timeout, summary.duration / 1e6,
    merged("statuses"), merged("post_times"), merged("outcome_times"), first_failure:gsub('[\\"%c]', "'")))
end
