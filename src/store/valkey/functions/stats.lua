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
  local sessions = call('ZCARD', base .. ':due')
  local keys, bytes = estimate(base, sessions)
  local counts = call('HMGET', base .. ':stats', 'created', 'ended', 'expired', 'cleared', 'rotated')
  for i, count in ipairs(counts) do counts[i] = tonumber(count or 0) end
  return {
    sessions, keys, bytes, call('SCARD', base .. ':names'),
    counts[1], counts[2], counts[3], counts[4], 0, counts[5],
  }
end)
