operation('endsome', 'write', function(base, args)
  local cursor, count = args[1], args[2]
  local page = call('ZSCAN', base .. ':due', cursor, 'COUNT', count)
  local reply = { page[1] }
  for i = 1, #page[2], 2 do
    local session = find(base, ID_MARK .. page[2][i])
    if session then reply[#reply + 1] = finish(session, 'ended') end
  end
  return reply
end)
