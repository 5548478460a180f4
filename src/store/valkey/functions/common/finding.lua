-- Finding the session that an address leads to.

local NAME, ID = 64, 61

local NO_SESSION = failure('NOSESSION no such session')
local NO_SHARED_SESSION = failure('NOSESSION no such session: no shared session has this name')

-- Returns the session that an id or member means, or nil, and the values of fields. It may be due.
local function findById(base, id, fields)
  local origin, created = partsOf(id)
  local key = sessionKey(base, origin)
  local values = fetch(key, fields)
  if not values[1] then return nil end
  local session = unpackSession(base, key, origin, values[1])
  if session.created ~= created then return nil end
  return session, values
end

-- Returns the session that a token leads to, or nil, and the values of fields. It may be due.
local function findByToken(base, token, fields)
  local key = sessionKey(base, token)
  local values = fetch(key, fields)
  if values[1] then
    local session = unpackSession(base, key, token, values[1])
    if not has(session, Flag.ROTATED) then return session, values end
  end
  -- The token is one that the session got later, or its first one in its time of grace.
  local origin = call('GET', tokenKey(base, token))
  if not origin then return nil end
  key = sessionKey(base, origin)
  values = fetch(key, fields)
  if not values[1] then return nil end
  return unpackSession(base, key, origin, values[1]), values
end

-- Returns the live session that an address leads to, and its values of fields as `fetch` does. Returns nil if there is
-- no such session.
local function find(base, address, fields)
  local first = byte(address)
  local session, values
  if first == ID then
    session, values = findById(base, sub(address, 2), fields)
  elseif first == NAME then
    session, values = findByToken(base, sub(address, 2), fields)
    if session and not has(session, Flag.SHARED) then return nil end
  else
    session, values = findByToken(base, address, fields)
  end
  if not session then return nil end
  if session.deadline > now then return session, values end
  if not settle(session) then return nil end
  -- Its data has just been removed.
  for i = 2, #values do values[i] = false end
  return session, values
end

-- Returns the error for an address that leads to no session.
local function noSession(address)
  return byte(address) == NAME and NO_SHARED_SESSION or NO_SESSION
end
