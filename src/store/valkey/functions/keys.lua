operation('keys', 'read', function(base, args)
  local session = find(base, args[1])
  if not session then return noSession(args[1]) end
  local keys, count = {}, 0
  for _, field in ipairs(call('HKEYS', session.key)) do
    if not isOwn(field) then
      count = count + 1
      keys[count] = keyOf(field)
    end
  end
  return keys
end)
