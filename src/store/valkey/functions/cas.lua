operation('cas', 'grow', function(base, args)
  local field = fieldOf(args[3])
  local session, values = find(base, args[1], { field })
  if not session then return noSession(args[1]) end
  if values[2] ~= args[4] then return 0 end
  wrote(session, args[2])
  put(session, values, { field, args[5] }, 1)
  return 1
end)
