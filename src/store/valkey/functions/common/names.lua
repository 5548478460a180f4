-- The index of names.

local function indexKey(base, name)
  return base .. ':n:' .. name
end

-- Returns the time of creation for the next session with a name, as digits. No two have the same, so that their
-- order is known. count: how many entries the index has.
local function nextCreated(key, count)
  local newest = count > 0 and call('ZRANGE', key, -1, -1, 'WITHSCORES')[2]
  return format(CREATED, newest and max(now, newest + 1) or now)
end

-- Adds an entry to the index of a name. count: how many it had.
local function enter(base, key, name, origin, created, count)
  call('ZADD', key, created, origin .. created)
  if count == 0 then call('SADD', base .. ':names', name) end
end

-- Removes the entry of a session from the index of its name. Returns 1, or 0 if this partition has no such entry.
local function leave(base, member, name)
  local key = indexKey(base, name)
  local count = call('ZREM', key, sub(member, 1, ID_LENGTH))
  if count == 1 and call('EXISTS', key) == 0 then call('SREM', base .. ':names', name) end
  return count
end
