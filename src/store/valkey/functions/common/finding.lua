-- Finding the session that an address leads to.

local NO_SESSION = failure('NOSESSION no such session')
local NO_SHARED_SESSION = failure('NOSESSION no such session: no shared session has this name')

-- Returns the session with an origin, or nil. It may be due. With fields, also returns their values as `fetch` does.
local function load(base, origin, fields)
  local key = sessionKey(base, origin)
  local meta, values
  if fields then
    values = fetch(key, fields)
    meta = values[1]
  else
    meta = call('HGET', key, META)
  end
  if meta then return unpackSession(base, key, origin, meta), values end
end

-- Returns the session that an id or member identifies, like `load`.
local function findById(base, id, fields)
  local origin, created = partsOf(id)
  local session, values = load(base, origin, fields)
  if session and session.created == created then return session, values end
end

-- Returns the session that a token leads to, like `load`.
local function findByToken(base, token, fields)
  local session, values = load(base, token, fields)
  if session and not has(session, Flag.ROTATED) then return session, values end
  -- The session got this token later, or it is the first one in its grace period.
  local origin = call('GET', tokenKey(base, token))
  if origin then return load(base, origin, fields) end
end

-- Returns the live session that an address leads to, or nil, and the values of fields like `load`.
local function find(base, address, fields)
  local first = byte(address)
  local session, values
  if first == ID_BYTE then
    session, values = findById(base, sub(address, 2), fields)
  elseif first == SHARED_BYTE then
    session, values = findByToken(base, sub(address, 2), fields)
    if session and not has(session, Flag.SHARED) then return nil end
  else
    session, values = findByToken(base, address, fields)
  end
  if not session then return nil end
  if session.deadline > now and session.keyDeadline > now then return session, values end
  if not settle(session) then return nil end
  -- The session has survived, but its data or some of its keys have just been removed.
  return session, fields and fetch(session.key, fields)
end

-- Returns the error for an address that leads to no session.
local function noSession(address)
  return byte(address) == SHARED_BYTE and NO_SHARED_SESSION or NO_SESSION
end
