-- Events: entries of the partition's outbox, published as they are added.

-- Payloads longer than this are not published, because they would be sent to each replica a second time.
local MAX_PUBLISHED = 64 * 1024

-- Returns the session's keys and values for an event.
local function packData(fields)
  local parts, count = {}, 0
  for i = 1, #fields, 2 do
    local field = fields[i]
    if not OWN[field] then
      local key, value = keyOf(field), fields[i + 1]
      parts[count + 1] = pack('<I4I4', #key, #value)
      parts[count + 2] = key
      parts[count + 3] = value
      count = count + 3
    end
  end
  return EventData.ALL .. pack('<I4', count / 3) .. concat(parts)
end

-- Returns the number of the session's keys, and the lengths of the values of as many as an event may have.
local function packSizes(session, keys)
  local parts, count, room = {}, 0, MAX_EVENT_BYTES
  eachSize(session, keys <= MAX_EVENT_KEYS, 1000, function(key, length)
    parts[count + 1] = pack('<I4I4', #key, length)
    parts[count + 2] = key
    count = count + 2
    room = room - #key - 8
    return room > 0 and count < MAX_EVENT_KEYS * 2
  end)
  return EventData.SIZES .. pack('<I4', keys) .. concat(parts)
end

-- Returns the session's last data for an event, or only its sizes if it is too large.
local function dataOf(session)
  if session.bytes <= MAX_EVENT_BYTES then
    -- No two keys are equal, so every key but one has at least one byte.
    local isFew = session.bytes < MAX_EVENT_KEYS or countKeys(session) <= MAX_EVENT_KEYS
    if isFew then return packData(call('HGETALL', session.key)) end
  end
  return packSizes(session, countKeys(session))
end

-- Returns one key with its value for an event, or only its size if it is too large. Also returns the length of the value.
local function dataOfKey(session, field)
  local length = call('HSTRLEN', session.key, field)
  if length <= MAX_EVENT_BYTES then return packData({ field, call('HGET', session.key, field) }), length end
  local key = keyOf(field)
  return EventData.SIZES .. pack('<I4I4I4', 1, #key, length) .. key, length
end

-- Adds an event to the outbox and publishes it. data: what `dataOf` returns, or EventData.NONE.
local function notify(base, event, origin, token, created, name, data)
  local payload = pack(
    '<Bc0I6I7Bc0Bc0I2c0',
    #event, event, nowMs(), created, #origin, origin, #token, token, #name, name
  ) .. data
  local channel = outboxOf(base)
  local id = call('XADD', channel, '*', 'e', payload)
  bound(base)
  call('SPUBLISH', channel, #payload <= MAX_PUBLISHED and id .. ' ' .. payload or id .. ' ')
end
