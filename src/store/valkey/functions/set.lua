operation('set', 'grow', function(base, args)
  toFields(args, 3, 2)
  local session, values = find(base, args[1], every(args, 3, 2))
  if not session then return noSession(args[1]) end
  wrote(session, args[2])
  put(session, values, args, 3)
  return 1
end)
