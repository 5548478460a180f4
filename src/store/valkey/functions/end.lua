-- The events that a caller may name.
local EVENTS = { ended = true, limit = true }

operation('end', 'write', function(base, args)
  local event = args[2]
  if not EVENTS[event] then return failure('ERR unknown event') end
  local session = find(base, args[1])
  return session and finish(session, event) or false
end)
