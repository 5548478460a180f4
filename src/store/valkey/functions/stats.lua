-- From how many sessions of the partition the totals are estimated.
local SAMPLE = 16

-- Adds to the stats what all sessions have, estimated.
local function estimate(base, stats)
  local sums, looked = { keys = 0, bytes = 0, timedKeys = 0, sessionsWithTimedKeys = 0 }, 0
  for _, member in ipairs(call('ZRANDMEMBER', base .. ':due', SAMPLE)) do
    local session = findById(base, member)
    if session then
      looked = looked + 1
      sums.keys = sums.keys + countKeys(session)
      sums.bytes = sums.bytes + session.bytes
      if session.keyDeadline < NEVER then
        sums.timedKeys = sums.timedKeys + call('ZCARD', deadlinesKey(session))
        sums.sessionsWithTimedKeys = sums.sessionsWithTimedKeys + 1
      end
    end
  end
  for _, name in ipairs(ESTIMATES) do stats[name] = floor(sums[name] / max(1, looked) * stats.sessions + 0.5) end
end

operation('stats', 'read', function(base)
  local stats = { sessions = call('ZCARD', base .. ':due'), names = call('SCARD', base .. ':names') }
  estimate(base, stats)
  local counts = call('HMGET', base .. ':stats', unpack(COUNTERS))
  for i, name in ipairs(COUNTERS) do stats[name] = tonumber(counts[i] or 0) end
  return inOrder(STATS, stats)
end)
