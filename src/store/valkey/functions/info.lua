-- The settings among the flags, as `create` takes them.
local CREATED_WITH = Flag.DELETE + Flag.EXTEND_GET + Flag.EXTEND_SET + Flag.SHARED

operation('info', 'read', function(base, args)
  local address = args[1]
  local session = find(base, address)
  if not session then return noSession(address) end
  return inOrder(INFO, {
    name = session.name,
    keys = countKeys(session),
    flags = band(session.flags, CREATED_WITH),
    duration = session.duration,
    maxAge = session.maxAge * 1000,
    timeLeft = msUntil(session.deadline),
    created = session.created,
    bytes = session.bytes,
    encoding = call('OBJECT', 'ENCODING', session.key) == 'hashtable' and 'hashed' or 'packed',
  })
end)
