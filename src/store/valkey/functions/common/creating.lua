-- Creating sessions.

local SHARED_EXISTS = failure('SESSIONEXISTS a shared session with this name already exists')
local TOKEN_EXISTS = failure('SESSIONEXISTS a session with this token already exists')

-- Returns whether the token leads to a session, or was the first token of one that still exists.
local function isTaken(base, token)
  local key = sessionKey(base, token)
  if call('EXISTS', key, tokenKey(base, token)) == 0 then return false end
  local meta = call('HGET', key, META)
  if meta and settle(unpackSession(base, key, token, meta)) then return true end
  return findByToken(base, token) ~= nil
end

-- Creates a session, but not its entry in the index of its name. Returns an error if its token is taken.
-- args: token, name, flags, duration, maximum age; from a place on, its keys and values.
local function create(base, args, created, from)
  local token, name = args[1], args[2]
  local flags, duration, maxAge = tonumber(args[3]), tonumber(args[4]), tonumber(args[5])
  if isTaken(base, token) then return band(flags, Flag.SHARED) ~= 0 and SHARED_EXISTS or TOKEN_EXISTS end
  local session = {
    base = base,
    key = sessionKey(base, token),
    origin = token,
    name = name,
    flags = maxAge > 0 and flags + Flag.MAXAGE or flags,
    keyDeadline = NEVER,
    due = NEVER,
    duration = duration,
    created = tonumber(created),
    used = nowMs(),
    changes = 0,
    bytes = 0,
    maxAge = maxAge / 1000,
    ageEnd = maxAge > 0 and now + maxAge * 1000 or NEVER,
  }
  start(session)
  toFields(args, from, 2)
  put(session, {}, args, from)
  -- Without a deadline it has not been placed yet.
  if session.due == NEVER then place(session) end
  tally(base, 'created')
  notify(base, 'new', token, token, session.created, name, EventData.NONE)
end

-- Enters a session in the index of its name before it is created in another call. Returns its time of creation.
local function enterBefore(base, name, origin)
  local key = indexKey(base, name)
  local count = call('ZCARD', key)
  local created = nextCreated(key, count)
  enter(base, key, name, origin, created, count)
  call('ZADD', base .. ':creating', nowMs(), origin .. created .. name)
  return created
end
