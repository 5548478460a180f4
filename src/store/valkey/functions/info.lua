-- The settings among the flags, as `create` takes them.
local SETTINGS = Flag.DELETE + Flag.EXTEND_GET + Flag.EXTEND_SET + Flag.SHARED

operation('info', 'read', function(base, args)
  local session = find(base, args[1])
  if not session then return noSession(args[1]) end
  local encoding = call('OBJECT', 'ENCODING', session.key)
  return {
    session.name,
    countKeys(session),
    band(session.flags, SETTINGS),
    session.duration,
    session.maxAge * 1000,
    msLeft(session),
    session.created,
    session.bytes,
    encoding == 'hashtable' and 'hashed' or 'packed',
  }
end)
