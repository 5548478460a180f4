-- Index repair removes the entry of a session that is created later than this after its entry was made, in µs.
local PATIENCE = 10 * 1000000

local TOO_LATE = failure('TRYAGAIN creating the session took too long, so it was not created')
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

operation('create', 'grow', function(base, args)
  local token, name = args[1], args[2]
  local flags, duration, maxAge, created = tonumber(args[3]), tonumber(args[4]), tonumber(args[5]), tonumber(args[6])
  if created < now - PATIENCE then return TOO_LATE end
  if isTaken(base, token) then return band(flags, Flag.SHARED) ~= 0 and SHARED_EXISTS or TOKEN_EXISTS end
  local session = {
    base = base,
    key = sessionKey(base, token),
    origin = token,
    name = name,
    flags = maxAge > 0 and flags + Flag.MAXAGE or flags,
    due = NEVER,
    duration = duration,
    created = created,
    used = nowMs(),
    changes = 0,
    bytes = 0,
    maxAge = maxAge / 1000,
    ageEnd = maxAge > 0 and now + maxAge * 1000 or NEVER,
  }
  start(session)
  toFields(args, 7, 2)
  put(session, {}, args, 7)
  -- Without a deadline it has not been placed yet.
  if session.due == NEVER then place(session) end
  tally(base, 'created')
  notify(base, 'new', token, token, created, name, '-')
  return 1
end)
