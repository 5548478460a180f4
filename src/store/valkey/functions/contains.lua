operation('contains', 'read', function(base, args)
  local session = find(base, args[1])
  if not session then return noSession(args[1]) end
  local found = {}
  for i = 2, #args do found[i - 1] = call('HEXISTS', session.key, fieldOf(args[i])) end
  return found
end)
