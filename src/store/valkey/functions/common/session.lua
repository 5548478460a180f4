-- A session while a function works on it: the content of its meta field as a table.
--
-- The meta field should stay at most 64 bytes long, because the node keeps a hash in one block of memory (a listpack)
-- only if no field is longer. That leaves 20 bytes for the name, or 9 with MAXAGE.

local FORMAT = 1

-- Times in unix µs: deadline, due, created. In ms: duration, used. Then the number of changes, and the bytes of the
-- keys and values.
local LAYOUT = '<BBI7I7I6I7I6I4I5'
-- Only with Flag.MAXAGE: the maximum age in seconds, and when it is reached, in unix µs.
local AGE_LAYOUT = '<I4I7'

-- If keys have deadlines, these settings are in the field STATE. The meta field then has another format and the
-- earliest of the deadlines, in unix µs. A version of respite that knows no deadlines of keys fails to read this, so it
-- shows nobody a key past its deadline.
local KEYS_FORMAT = 2
local KEYS_LAYOUT = '<BI7'
local KEYS_LENGTH = 8

local CHANGES = 2 ^ 32

local function has(session, flag)
  return band(session.flags, flag) ~= 0
end

local function switch(session, flag, on)
  session.flags = on and bor(session.flags, flag) or band(session.flags, 255 - flag)
end

-- The session. A function works on one at a time. A new table for each would take a tenth of the time of a read.
local session = {}

-- The deadline is when the session expires. `keyDeadline` is when the first of its keys expires, NEVER if none does.
-- `due` is when the owner of the partition looks at the session next: its place in the due set. It does not move each
-- time that the session is extended.
local function unpackSession(base, key, origin, meta)
  session.keyDeadline = NEVER
  if #meta == KEYS_LENGTH then
    local _, first = read(KEYS_LAYOUT, meta)
    session.keyDeadline = first
    meta = call('HGET', key, STATE)
  end
  local _, flags, deadline, due, duration, created, used, changes, bytes, at = read(LAYOUT, meta)
  session.base = base
  session.key = key
  session.origin = origin
  session.flags = flags
  session.deadline = deadline
  session.due = due
  session.duration = duration
  session.created = created
  session.used = used
  session.changes = changes
  session.bytes = bytes
  session.maxAge = 0
  session.ageEnd = NEVER
  if flags >= Flag.MAXAGE then
    session.maxAge, session.ageEnd, at = read(AGE_LAYOUT, meta, at)
  end
  session.name = sub(meta, at)
  return session
end

local function packed(session)
  local meta = pack(
    LAYOUT,
    FORMAT,
    session.flags,
    session.deadline,
    session.due,
    session.duration,
    session.created,
    session.used,
    session.changes,
    session.bytes
  )
  if session.ageEnd == NEVER then return meta .. session.name end
  return meta .. pack(AGE_LAYOUT, session.maxAge, session.ageEnd) .. session.name
end

-- How the time of creation is written in a member.
local CREATED = '%0' .. CREATED_LENGTH .. '.0f'

-- Returns the session as a member of a sorted set.
local function memberOf(session)
  return session.origin .. format(CREATED, session.created) .. session.name
end

-- Returns origin and created of an id or member, and the name of a member.
local function partsOf(member)
  return sub(member, 1, ORIGIN_LENGTH), tonumber(sub(member, ORIGIN_LENGTH + 1, ID_LENGTH)), sub(member, ID_LENGTH + 1)
end

local function sessionKey(base, origin)
  return base .. ':s:' .. origin
end

-- Returns the sorted set with the deadlines of the session's keys.
local function deadlinesKey(session)
  return session.base .. ':k:' .. session.origin
end

-- Returns the number of keys.
local function countKeys(session)
  local own = has(session, Flag.ROTATED) and 2 or 1
  if session.keyDeadline < NEVER then own = own + 1 end
  return call('HLEN', session.key) - own
end

-- Returns the ms until a deadline, rounded up, or NO_DEADLINE.
local function msUntil(deadline)
  if deadline == NEVER then return NO_DEADLINE end
  return ceil((deadline - now) / 1000)
end

-- Returns when something of the session expires next: the session or a key.
local function nextDeadline(session)
  return session.keyDeadline < session.deadline and session.keyDeadline or session.deadline
end

-- Visits keys with the lengths of their values, until `visit` returns false.
-- isFew: whether to list the keys at once, and read no value. Otherwise they are read with their values, `step` at a
-- time.
local function eachSize(session, isFew, step, visit)
  if isFew then
    for _, field in ipairs(call('HKEYS', session.key)) do
      if not OWN[field] and not visit(keyOf(field), call('HSTRLEN', session.key, field)) then return end
    end
    return
  end
  local cursor = '0'
  repeat
    local some = call('HSCAN', session.key, cursor, 'COUNT', step)
    cursor = some[1]
    for i = 1, #some[2], 2 do
      local field = some[2][i]
      if not OWN[field] and not visit(keyOf(field), #some[2][i + 1]) then return end
    end
  until cursor == '0'
end
