operation('endsome', 'write', function(base, args)
  local before = tonumber(args[1])
  local page = call('ZSCAN', base .. ':due', args[2], 'COUNT', args[3])
  local reply = { page[1] }
  for i = 1, #page[2], 2 do
    local member = page[2][i]
    local _, created = partsOf(member)
    local session = created < before and find(base, '=' .. member)
    if session then reply[#reply + 1] = finish(session, 'ended') end
  end
  return reply
end)
