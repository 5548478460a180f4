operation('scan', 'read', function(base, args)
  local page = call('ZSCAN', base .. ':due', args[1], 'COUNT', args[2])
  local found = { page[1] }
  for i = 1, #page[2], 2 do
    local session = find(base, '=' .. page[2][i])
    if session then
      found[#found + 1] = tokenOf(session)
      found[#found + 1] = session.name
    end
  end
  return found
end)
