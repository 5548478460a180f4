operation('swap', 'grow', function(base, args)
  local address, use, key, exists, expected, value = args[1], args[2], args[3], args[4], args[5], args[6]
  local field = fieldOf(key)
  local session, values = find(base, address, { field })
  if not session then return noSession(address) end
  if values[2] ~= (exists == '1' and expected) then return 0 end
  wrote(session, use)
  put(session, values, { field, value }, 1)
  return 1
end)
