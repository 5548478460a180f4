-- Returns the id of the latest entry that the outbox has ever had.
local function lastId(outbox)
  if call('EXISTS', outbox) == 0 then return '0-0' end
  local info = call('XINFO', 'STREAM', outbox)
  for i = 1, #info, 2 do
    if info[i] == 'last-generated-id' then return info[i + 1] end
  end
end

operation('events', 'read', function(base, args)
  local outbox = base .. ':events'
  local reply = { lastId(outbox) }
  if args[1] == '$' then return reply end
  for _, entry in ipairs(call('XRANGE', outbox, '(' .. args[1], '+', 'COUNT', args[2])) do
    reply[#reply + 1] = entry[1]
    reply[#reply + 1] = entry[2][2]
  end
  return reply
end)
