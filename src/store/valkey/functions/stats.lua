-- From how many sessions of the partition the totals are estimated.
local SAMPLE = 16

-- Returns about how many keys and bytes all sessions have.
local function estimate(base, sessions)
  local looked, keys, bytes = 0, 0, 0
  for _, member in ipairs(call('ZRANDMEMBER', base .. ':due', SAMPLE)) do
    local session = findById(base, member)
    if session then
      looked = looked + 1
      keys = keys + countKeys(session)
      bytes = bytes + session.bytes
    end
  end
  if looked == 0 then return 0, 0 end
  return floor(keys / looked * sessions + 0.5), floor(bytes / looked * sessions + 0.5)
end

operation('stats', 'read', function(base)
  local stats = { sessions = call('ZCARD', base .. ':due'), names = call('SCARD', base .. ':names') }
  stats.keys, stats.bytes = estimate(base, stats.sessions)
  local counts = call('HMGET', base .. ':stats', unpack(COUNTERS))
  for i, name in ipairs(COUNTERS) do stats[name] = tonumber(counts[i] or 0) end
  return inOrder(STATS, stats)
end)
