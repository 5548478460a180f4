operation('endsome', 'write', function(base, args)
  local page = call('ZSCAN', base .. ':due', args[1], 'COUNT', args[2])
  local reply = { page[1] }
  for i = 1, #page[2], 2 do
    local session = find(base, '=' .. page[2][i])
    if session then reply[#reply + 1] = finish(session, 'ended') end
  end
  return reply
end)
