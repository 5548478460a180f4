operation('getall', 'read', function(base, args)
  local session = find(base, args[1])
  if not session then return noSession(args[1]) end
  local fields = call('HGETALL', session.key)
  wasRead(session, args[2])
  local data, count = {}, 0
  for i = 1, #fields, 2 do
    local field = fields[i]
    if not isOwn(field) then
      data[count + 1] = keyOf(field)
      data[count + 2] = fields[i + 1]
      count = count + 2
    end
  end
  return data
end)
