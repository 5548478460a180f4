operation('contains', 'read', function(base, args)
  local address = args[1]
  local session = find(base, address)
  if not session then return noSession(address) end
  local found = {}
  for i = 2, #args do found[i - 1] = call('HEXISTS', session.key, fieldOf(args[i])) end
  return found
end)
