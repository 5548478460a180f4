local TOO_LONG = failure('ERR string exceeds maximum allowed size (proto-max-bulk-len)')

operation('append', 'grow', function(base, args)
  local field = fieldOf(args[3])
  local session, values = find(base, args[1], { field })
  if not session then return noSession(args[1]) end
  local before = values[2] or ''
  local length = #before + #args[4]
  if length > tonumber(args[5]) then return TOO_LONG end
  wrote(session, args[2])
  put(session, values, { field, before .. args[4] }, 1)
  return length
end)
