-- Returns the id of the latest entry that the outbox has ever had.
local function lastId(outbox)
  if call('EXISTS', outbox) == 0 then return '0-0' end
  local info = call('XINFO', 'STREAM', outbox)
  for i = 1, #info, 2 do
    if info[i] == 'last-generated-id' then return info[i + 1] end
  end
end

operation('events', 'read', function(base, args)
  local after, count = args[1], args[2]
  local outbox = outboxOf(base)
  local reply = { lastId(outbox) }
  if after == '$' then return reply end
  local ms = sub(after, 1, 1) == '-' and tonumber(sub(after, 2))
  if ms then after = format('%.0f-0', nowMs() - ms) end
  for _, entry in ipairs(call('XRANGE', outbox, '(' .. after, '+', 'COUNT', count)) do
    reply[#reply + 1] = entry[1]
    reply[#reply + 1] = entry[2][2]
  end
  return reply
end)
