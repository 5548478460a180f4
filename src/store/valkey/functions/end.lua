operation('end', 'write', function(base, args)
  local event = args[2]
  if not ENDS[event] then return failure('ERR unknown event') end
  local session = find(base, args[1])
  return session and finish(session, event) or false
end)
