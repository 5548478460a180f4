operation('scan', 'read', function(base, args)
  local cursor, count = args[1], args[2]
  local page = call('ZSCAN', base .. ':due', cursor, 'COUNT', count)
  local found = { page[1] }
  for i = 1, #page[2], 2 do
    local session = find(base, ID_MARK .. page[2][i])
    if session then
      found[#found + 1] = tokenOf(session)
      found[#found + 1] = session.name
    end
  end
  return found
end)
