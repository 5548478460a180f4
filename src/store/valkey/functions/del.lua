operation('del', 'write', function(base, args)
  local address, use = args[1], args[2]
  toFields(args, 3, 1)
  local session, values = find(base, address, slice(args, 3))
  if not session then return noSession(address) end
  local deleted = callMany('HDEL', session.key, args, 3, 1)
  if deleted == 0 then return 0 end
  local seen = {}
  for i = 3, #args do
    local field, value = args[i], values[i - 1]
    if value and not seen[field] then
      seen[field] = true
      session.bytes = session.bytes - #keyOf(field) - #value
    end
  end
  wrote(session, use)
  dropDeadlines(session, args, 3)
  save(session)
  return deleted
end)
