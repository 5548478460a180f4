operation('getmany', 'read', function(base, args)
  toFields(args, 3, 1)
  local session, values = find(base, args[1], slice(args, 3))
  if not session then return noSession(args[1]) end
  wasRead(session, args[2])
  remove(values, 1)
  return values
end)
