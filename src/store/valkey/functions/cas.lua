operation('cas', 'grow', function(base, args)
  local address, use, key, expected, value = args[1], args[2], args[3], args[4], args[5]
  local field = fieldOf(key)
  local session, values = find(base, address, { field })
  if not session then return noSession(address) end
  if values[2] ~= expected then return 0 end
  wrote(session, use)
  dropDeadlines(session, { field }, 1)
  put(session, values, { field, value }, 1)
  return 1
end)
