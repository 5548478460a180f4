-- The fields of an entry of the stream, in order.
local FIELDS = { 'event', 'name', 'id', 'token', 'at', 'created', 'data' }

-- Appends an event, whose values are arguments from a place on. The last one, the data, may be empty. Returns its id.
local function append(stream, args, at)
  local entry = {}
  for i, field in ipairs(FIELDS) do
    local value = args[at + i - 1]
    if value ~= '' or i < #FIELDS then
      entry[#entry + 1] = field
      entry[#entry + 1] = value
    end
  end
  return call('XADD', stream, '*', unpack(entry))
end

operation('forward', 'grow', function(base, args)
  local partition, history, from, last, remembered = args[1], args[2], args[3], args[4], tonumber(args[7])
  local position = positionOf(base, partition)
  local same = position[2] == history
  -- If the history is the same, nothing may be missing before these entries. If it is new, the caller must have known
  -- so when it read them.
  local isKnown = args[5] == position[2] and args[6] == position[3]
  if same and isAfter(from, position[1]) or not same and not isKnown then return position end
  local recent = base .. ':recent:' .. partition
  -- Since its history has changed, the outbox is read again from before the entries that were forwarded last.
  local seen = {}
  local newest = call('LINDEX', recent, -1)
  if newest and args[8] and not isAfter(args[8], newest) then
    for _, id in ipairs(call('LRANGE', recent, 0, -1)) do seen[id] = true end
  end
  local ids, appended = {}, nil
  for at = 8, #args, #FIELDS + 1 do
    local id = args[at]
    if not seen[id] and not (same and not isAfter(id, position[1])) then
      appended = append(streamOf(base), args, at + 1)
      ids[#ids + 1] = id
    end
  end
  if appended then
    callMany('RPUSH', recent, ids, 1, 1)
    call('LTRIM', recent, -remembered, -1)
    call('SPUBLISH', streamOf(base), appended)
  end
  if same and isAfter(position[1], last) then last = position[1] end
  call('HSET', base .. ':positions', partition, last .. ' ' .. history)
  return { last, history, position[3], #ids }
end)
