operation('getall', 'read', function(base, args)
  local address, use = args[1], args[2]
  local session = find(base, address)
  if not session then return noSession(address) end
  local fields = call('HGETALL', session.key)
  wasRead(session, use)
  local data, count = {}, 0
  for i = 1, #fields, 2 do
    local field = fields[i]
    if not OWN[field] then
      data[count + 1] = keyOf(field)
      data[count + 2] = fields[i + 1]
      count = count + 2
    end
  end
  return data
end)
