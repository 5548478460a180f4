operation('keyttl', 'read', function(base, args)
  local address = args[1]
  local session = find(base, address)
  if not session then return noSession(address) end
  local left = {}
  for i = 2, #args do
    local field = fieldOf(args[i])
    if call('HEXISTS', session.key, field) == 0 then
      left[i - 1] = NO_KEY_TTL
    else
      local deadline = session.keyDeadline < NEVER and call('ZSCORE', deadlinesKey(session), field)
      left[i - 1] = msUntil(deadline and tonumber(deadline) or NEVER)
    end
  end
  return left
end)
