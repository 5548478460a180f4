local TOO_LONG = failure('ERR string exceeds maximum allowed size (proto-max-bulk-len)')

operation('append', 'grow', function(base, args)
  local address, use, key, value, most = args[1], args[2], args[3], args[4], tonumber(args[5])
  local field = fieldOf(key)
  local session, values = find(base, address, { field })
  if not session then return noSession(address) end
  local before = values[2] or ''
  local length = #before + #value
  if length > most then return TOO_LONG end
  wrote(session, use)
  put(session, values, { field, before .. value }, 1)
  return length
end)
