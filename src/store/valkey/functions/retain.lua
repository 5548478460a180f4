-- Returns what XINFO says of each of the stream's groups. Its lag is how many entries it has not read, if that is known.
local function groupsOf(stream)
  local all = {}
  for _, group in ipairs(call('XINFO', 'GROUPS', stream)) do
    local one = {}
    for i = 1, #group, 2 do one[group[i]] = group[i + 1] end
    all[#all + 1] = one
  end
  return all
end

operation('retain', 'read', function(base, args)
  local most, bytes, age = tonumber(args[1]), tonumber(args[2]), tonumber(args[3])
  local stream = streamOf(base)
  if call('EXISTS', stream) == 0 then return { 0 } end
  local groups = groupsOf(stream)
  local removed = 0
  if age > 0 then removed = call('XTRIM', stream, 'MINID', format('%.0f', nowMs() - age)) end
  if most > 0 then removed = removed + call('XTRIM', stream, 'MAXLEN', most) end
  if bytes > 0 then
    local used = call('MEMORY', 'USAGE', stream)
    if used > bytes then
      removed = removed + call('XTRIM', stream, 'MAXLEN', floor(call('XLEN', stream) * bytes / used))
    end
  end
  local reply = { removed }
  if removed == 0 then return reply end
  local length = call('XLEN', stream)
  for _, group in ipairs(groups) do
    if group.lag and group.lag > length then
      reply[#reply + 1] = group.name
      reply[#reply + 1] = group.lag - length
    end
  end
  return reply
end)
