#!lua name=rf46492c1_respite
local PREFIX = 'rf46492c1_'
-- Calling the node, and its clock.

-- A library cannot reach any of Lua's or the node's functions while it is loaded. So `prepare` gets them, at the first
-- call. A file may therefore only define functions and constants.
local call, try
local band, bor, format, byte, sub, floor, ceil, max, min, pack, read, concat, remove

local function prepare()
  call, try = redis.call, redis.pcall
  band, bor = bit.band, bit.bor
  format, byte, sub = string.format, string.byte, string.sub
  floor, ceil, max, min = math.floor, math.ceil, math.max, math.min
  pack, read = struct.pack, struct.unpack
  concat, remove = table.concat, table.remove
end

-- The time of the call that is running, in unix µs.
local now = 0

-- A time that never comes, in unix µs. Times before it are exact in a double.
local NEVER = 2 ^ 53

-- Lua passes at most about 8,000 values to a function.
local MOST = 4000

-- Begins a call.
local function begin()
  if not call then prepare() end
  local time = call('TIME')
  now = time[1] * 1000000 + time[2]
end

-- Returns now in unix ms, rounded down.
local function nowMs()
  return floor(now / 1000)
end

-- Returns an error reply: a code, a space, a message. `redis.error_reply` does not exist yet either.
local function failure(text)
  return { err = text }
end

-- Calls a command with a key and any number of arguments, those of a list from a place on. `step` divides how many
-- arguments one call may have. Returns the sum of the replies.
local function callMany(command, key, list, from, step)
  local last = #list
  local most = MOST - MOST % step
  local sum = 0
  for first = from, last, most do
    sum = sum + call(command, key, unpack(list, first, min(first + most - 1, last)))
  end
  return sum
end

-- Returns the elements of a list from a place on.
local function slice(list, from)
  local part = {}
  for i = from, #list do part[i - from + 1] = list[i] end
  return part
end

-- The fields of a session's hash.
--
-- A user's key is the field of the same name, unless it is empty or begins with a zero byte. Then the field begins with
-- one zero byte more. So no key can be one of the two fields that respite itself uses.

-- The settings and state of the session, packed.
local META = ''
-- The tokens of a session whose token has changed: the current one, then each old one with the end of its grace.
local TOKENS = '\0t'

local function isEscaped(text)
  local first = byte(text)
  return first == 0 or first == nil
end

local function fieldOf(key)
  if isEscaped(key) then return '\0' .. key end
  return key
end

local function keyOf(field)
  if byte(field) == 0 then return sub(field, 2) end
  return field
end

local function isOwn(field)
  return field == META or field == TOKENS
end

-- Turns keys into fields in place: each `step`-th argument from a place on.
local function toFields(args, from, step)
  for i = from, #args, step do
    if isEscaped(args[i]) then args[i] = '\0' .. args[i] end
  end
end

-- Returns each `step`-th argument from a place on.
local function every(args, from, step)
  local list, count = {}, 0
  for i = from, #args, step do
    count = count + 1
    list[count] = args[i]
  end
  return list
end

-- Returns the values of META and of fields, false for each that is missing.
local function fetch(key, fields)
  local count = #fields
  -- Two short calls take less time than one whose reply is a list.
  if count == 1 then return { call('HGET', key, META), call('HGET', key, fields[1]) } end
  if count <= MOST then return call('HMGET', key, META, unpack(fields)) end
  local values = { call('HGET', key, META) }
  for first = 1, count, MOST do
    local some = call('HMGET', key, unpack(fields, first, min(first + MOST - 1, count)))
    for i = 1, #some do values[first + i] = some[i] end
  end
  return values
end

-- A session while a function works on it: what its meta field has, as a table.
--
-- The meta field should stay at most 64 bytes long, because the node keeps a hash in one block of memory (a listpack)
-- only if no field is longer. That leaves 20 bytes for the name, or 9 with MAXAGE.

local FORMAT = 1

-- Times in unix µs: deadline, due, created. In ms: duration, used. Then the number of changes, and the bytes of the
-- keys and values.
local LAYOUT = '<BBI7I7I6I7I6I4I5'
-- Only with Flag.MAXAGE: the maximum age in seconds, and when it is reached, in unix µs.
local AGE_LAYOUT = '<I4I7'

local Flag = {
  -- Expiry removes the session, and not only its data.
  DELETE = 1,
  EXTEND_GET = 2,
  EXTEND_SET = 4,
  -- Its token is derived from its name.
  SHARED = 8,
  -- Its duration has started and not yet ended.
  RUNNING = 16,
  -- Its token has changed, so the field TOKENS exists.
  ROTATED = 32,
  MAXAGE = 64,
}

local CHANGES = 2 ^ 32

local function has(session, flag)
  return band(session.flags, flag) ~= 0
end

local function switch(session, flag, on)
  session.flags = on and bor(session.flags, flag) or band(session.flags, 255 - flag)
end

-- The session. A function works on one at a time, and making a table for each would take a tenth of the time of a read.
local session = {}

-- The deadline is when the session expires. `due` is when the owner of the partition looks at the session next: the
-- place of the session in the set of what is due. It is not moved each time that the session is extended.
local function unpackSession(base, key, origin, meta)
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

-- Returns the session as sets of sessions have it.
local function memberOf(session)
  return session.origin .. format('%016.0f', session.created) .. session.name
end

-- Lengths of the parts of a member.
local ORIGIN_LENGTH = 22
local ID_LENGTH = 38

-- Returns origin and created of an id or member, and the name of a member.
local function partsOf(member)
  return sub(member, 1, ORIGIN_LENGTH), tonumber(sub(member, ORIGIN_LENGTH + 1, ID_LENGTH)), sub(member, ID_LENGTH + 1)
end

local function sessionKey(base, origin)
  return base .. ':s:' .. origin
end

-- Returns the number of keys.
local function countKeys(session)
  return call('HLEN', session.key) - (has(session, Flag.ROTATED) and 2 or 1)
end

-- Returns the ms until the deadline, rounded up, or -1 if there is none.
local function msLeft(session)
  if session.deadline == NEVER then return -1 end
  return ceil((session.deadline - now) / 1000)
end

-- Visits keys with the lengths of their values, until `visit` returns false.
-- isFew: whether to list the keys at once, and read no value. Otherwise they are read with their values, `step` at a
-- time.
local function eachSize(session, isFew, step, visit)
  if isFew then
    for _, field in ipairs(call('HKEYS', session.key)) do
      if not isOwn(field) and not visit(keyOf(field), call('HSTRLEN', session.key, field)) then return end
    end
    return
  end
  local cursor = '0'
  repeat
    local some = call('HSCAN', session.key, cursor, 'COUNT', step)
    cursor = some[1]
    for i = 1, #some[2], 2 do
      local field = some[2][i]
      if not isOwn(field) and not visit(keyOf(field), #some[2][i + 1]) then return end
    end
  until cursor == '0'
end

-- Events: entries of the partition's outbox, published as they are added.

-- The largest data that an event has, in bytes: what `event-data-max-bytes` can be at most.
local MAX_DATA = 4 * 1024 * 1024
local MAX_KEYS = 10000
-- Payloads longer than this are not published. They would be sent to each replica once more.
local MAX_PUBLISHED = 64 * 1024
-- The outbox never has many more entries than this. Usually `due` trims it to far fewer.
local MAX_EVENTS = 10000

-- Returns the session's keys and values for an event.
local function packData(fields)
  local parts, count = {}, 0
  for i = 1, #fields, 2 do
    local field = fields[i]
    if not isOwn(field) then
      local key, value = keyOf(field), fields[i + 1]
      parts[count + 1] = pack('<I4I4', #key, #value)
      parts[count + 2] = key
      parts[count + 3] = value
      count = count + 3
    end
  end
  return 'D' .. pack('<I4', count / 3) .. concat(parts)
end

-- Returns the number of the session's keys, and the lengths of the values of as many as an event may have.
local function packSizes(session, keys)
  local parts, count, room = {}, 0, MAX_DATA
  eachSize(session, keys <= MAX_KEYS, 1000, function(key, length)
    parts[count + 1] = pack('<I4I4', #key, length)
    parts[count + 2] = key
    count = count + 2
    room = room - #key - 8
    return room > 0 and count < MAX_KEYS * 2
  end)
  return 'S' .. pack('<I4', keys) .. concat(parts)
end

-- Returns what the session has at its end, for an event.
local function dataOf(session)
  if session.bytes <= MAX_DATA then
    -- Keys differ, so this many need at least one byte each, but for one.
    local isFew = session.bytes < MAX_KEYS or countKeys(session) <= MAX_KEYS
    if isFew then return packData(call('HGETALL', session.key)) end
  end
  return packSizes(session, countKeys(session))
end

local function notify(base, event, origin, token, created, name, data)
  local payload = pack(
    '<Bc0I6I7Bc0Bc0I2c0',
    #event, event, nowMs(), created, #origin, origin, #token, token, #name, name
  ) .. data
  local channel = base .. ':events'
  local id = call('XADD', channel, 'MAXLEN', '~', MAX_EVENTS, '*', 'e', payload)
  call('SPUBLISH', channel, #payload <= MAX_PUBLISHED and id .. ' ' .. payload or id .. ' ')
end

-- Counts in the partition's statistics.
local function tally(base, what)
  call('HINCRBY', base .. ':stats', what, 1)
end

-- The tokens of a session: the current one, the old ones in their grace, and the keys that lead from them to it.

local function tokenKey(base, token)
  return base .. ':t:' .. token
end

-- Returns the current token of a rotated session, and its old tokens as a list of {token, end of its grace in unix ms}.
local function tokensOf(session)
  local text = call('HGET', session.key, TOKENS)
  local old = {}
  for at = ORIGIN_LENGTH + 1, #text, ORIGIN_LENGTH + 6 do
    old[#old + 1] = { sub(text, at, at + ORIGIN_LENGTH - 1), (read('<I6', text, at + ORIGIN_LENGTH)) }
  end
  return sub(text, 1, ORIGIN_LENGTH), old
end

-- Returns the current token.
local function tokenOf(session)
  if not has(session, Flag.ROTATED) then return session.origin end
  return sub(call('HGET', session.key, TOKENS), 1, ORIGIN_LENGTH)
end

-- Changing a session: its deadline, its place in the set of what is due, and its meta field.

-- A session is not moved in the set of what is due until its deadline is this much later, in µs. Before that, its owner
-- notices when it reaps it.
local LAZY = 30 * 60 * 1000000
-- How long after the session is due the node removes it by itself, in µs. It is much longer than LAZY.
local SLACK = 60 * 60 * 1000000
-- Owners know what is due within this time, in µs. What is placed nearer than that must be announced.
local HORIZON = 5 * 1000000
-- A read that changes nothing else is only noted if the last use was this long ago, in ms.
local USE_STEP = 100

-- Makes the node remove a key a while after the session has ended at its deadline, in case no process is left to do so.
-- A session that survives its deadline stays.
local function keepUntil(session, key)
  local last = has(session, Flag.DELETE) and session.due or session.ageEnd
  if last == NEVER then
    call('PERSIST', key)
  else
    call('PEXPIREAT', key, ceil((last + SLACK) / 1000))
  end
end

-- Places the session in the set of what is due.
local function place(session)
  local member = memberOf(session)
  local due = session.due
  local score = due == NEVER and '+inf' or ceil(due / 1000)
  call('ZADD', session.base .. ':due', score, member)
  keepUntil(session, session.key)
  if has(session, Flag.ROTATED) then keepUntil(session, tokenKey(session.base, tokenOf(session))) end
  if due < now + HORIZON then call('SPUBLISH', session.base .. ':due', score .. ' ' .. member) end
end

-- Writes the session's meta field, and with it other fields and values.
local function save(session, ...)
  local moves = session.deadline < session.due or session.deadline > session.due + LAZY
  if moves then session.due = session.deadline end
  call('HSET', session.key, META, packed(session), ...)
  if moves then place(session) end
end

-- Starts the session's duration now. Without one, only the deadline of MAXAGE remains.
local function start(session)
  local runs = session.duration > 0
  switch(session, Flag.RUNNING, runs)
  session.deadline = runs and min(now + session.duration * 1000, session.ageEnd) or session.ageEnd
end

-- Counts a use of the session. `use` is the argument of the call.
local function useNow(session, use)
  if use == '1' then session.used = nowMs() end
end

-- Records a change of what WATCH watches.
local function change(session)
  session.changes = (session.changes + 1) % CHANGES
end

-- Records that the session's data has changed. `save` must follow.
local function wrote(session, use)
  useNow(session, use)
  change(session)
  -- A session that was cleared at its deadline starts a new duration with its first write.
  if not has(session, Flag.RUNNING) or has(session, Flag.EXTEND_SET) then start(session) end
end

-- Sets keys to values, and writes the meta field. `values` are what `fetch` returned for the keys.
-- args: from a place on, fields and values alternate.
local function put(session, values, args, from)
  local bytes = session.bytes
  local last = #args
  -- By field, the length of the value that this call has set it to, if there may be several.
  local set = last > from + 1 and {} or nil
  local i = 1
  for at = from, last, 2 do
    local field, length = args[at], #args[at + 1]
    i = i + 1
    local before = set and set[field] or values[i] and #values[i]
    if before then
      bytes = bytes + length - before
    else
      bytes = bytes + length + #keyOf(field)
    end
    if set then set[field] = length end
  end
  session.bytes = bytes
  if last - from < MOST then return save(session, unpack(args, from)) end
  callMany('HSET', session.key, args, from, 2)
  save(session)
end

-- Counts a read of the session's data, and extends the session if it is to be extended by reads.
local function wasRead(session, use)
  if has(session, Flag.EXTEND_GET) and has(session, Flag.RUNNING) then
    start(session)
    useNow(session, use)
    save(session)
  elseif use == '1' and nowMs() - session.used >= USE_STEP then
    useNow(session, use)
    save(session)
  end
end

-- How sessions end: by a command, or at their deadlines.

-- Ends a session. The entry in the index of its name is in another partition, so it is left to be removed.
local function finish(session, event)
  local base = session.base
  local token = session.origin
  local keys = { session.key }
  if has(session, Flag.ROTATED) then
    local current, old = tokensOf(session)
    token = current
    keys[2] = tokenKey(base, current)
    for _, one in ipairs(old) do keys[#keys + 1] = tokenKey(base, one[1]) end
  end
  notify(base, event, session.origin, token, session.created, session.name, dataOf(session))
  call('UNLINK', unpack(keys))
  local member = memberOf(session)
  call('ZREM', base .. ':due', member)
  call('ZADD', base .. ':unindexing', nowMs(), member)
  tally(base, event == 'expired' and event or 'ended')
  return member
end

-- Removes all keys of a session but keeps the session. `save` must follow.
local function empty(session)
  local tokens = has(session, Flag.ROTATED) and call('HGET', session.key, TOKENS)
  call('UNLINK', session.key)
  session.bytes = 0
  if tokens then call('HSET', session.key, TOKENS, tokens) end
end

-- Removes the data of a session at its deadline.
local function clearAtDeadline(session)
  local base = session.base
  notify(base, 'cleared', session.origin, tokenOf(session), session.created, session.name, dataOf(session))
  empty(session)
  change(session)
  switch(session, Flag.RUNNING, false)
  session.deadline = session.ageEnd
  session.due = session.deadline
  call('HSET', session.key, META, packed(session))
  place(session)
  tally(base, 'cleared')
end

-- Does what the session's deadline demands if it has come. Returns whether the session still lives, and whether
-- anything was done.
local function settle(session)
  local done = false
  while session.deadline <= now do
    done = true
    if session.deadline >= session.ageEnd then
      finish(session, 'maxage')
      return false, true
    elseif has(session, Flag.DELETE) then
      finish(session, 'expired')
      return false, true
    end
    clearAtDeadline(session)
  end
  return true, done
end

-- Finding the session that an address leads to.

local NAME, ID = 64, 61

local NO_SESSION = failure('NOSESSION no such session')
local NO_SHARED_SESSION = failure('NOSESSION no such session: no shared session has this name')

-- Returns the session that has a key, or nil. It may be due. With fields, also returns their values as `fetch` does.
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

-- Returns the session that an id or member means, like `load`.
local function findById(base, id, fields)
  local origin, created = partsOf(id)
  local session, values = load(base, origin, fields)
  if session and session.created == created then return session, values end
end

-- Returns the session that a token leads to, like `load`.
local function findByToken(base, token, fields)
  local session, values = load(base, token, fields)
  if session and not has(session, Flag.ROTATED) then return session, values end
  -- The token is one that the session got later, or its first one in its time of grace.
  local origin = call('GET', tokenKey(base, token))
  if origin then return load(base, origin, fields) end
end

-- Returns the live session that an address leads to, or nil, and the values of fields like `load`.
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
  if values then
    for i = 2, #values do values[i] = false end
  end
  return session, values
end

-- Returns the error for an address that leads to no session.
local function noSession(address)
  return byte(address) == NAME and NO_SHARED_SESSION or NO_SESSION
end

-- What WATCH compares.

-- Returns a text that differs when the session has changed, or when another one has taken its place. Empty if there is
-- no session.
local function versionOf(base, address)
  local session = find(base, address)
  return session and format('%.0f:%d', session.created, session.changes) or ''
end

-- The index of names.

local function indexKey(base, name)
  return base .. ':n:' .. name
end

-- The functions of the library.

-- By name. `exec` calls them as well; nothing else can be called by a name that comes from outside.
local operations = {}

-- Which functions the node runs when its memory is full: all but those that may add something.
local FLAGS = { read = { 'allow-oom' }, write = { 'allow-oom' }, grow = {} }

-- Declares a function. kind: `read` if no replica has to confirm what it changes (deadlines, expiry,
-- housekeeping), `write` if it adds nothing, else `grow`.
local function operation(name, kind, run)
  operations[name] = run
  redis.register_function({
    function_name = PREFIX .. name,
    callback = function(keys, args)
      begin()
      return run(keys[1], args)
    end,
    flags = FLAGS[kind],
  })
end

do
operation('add', 'grow', function(base, args)
  toFields(args, 3, 2)
  local session, values = find(base, args[1], every(args, 3, 2))
  if not session then return noSession(args[1]) end
  local missing, added, seen = {}, 0, {}
  for at = 3, #args, 2 do
    local field = args[at]
    if not values[(at + 1) / 2] and not seen[field] then
      seen[field] = true
      missing[2 * added + 1] = field
      missing[2 * added + 2] = args[at + 1]
      added = added + 1
    end
  end
  if added > 0 then
    wrote(session, args[2])
    put(session, {}, missing, 1)
  end
  return added
end)
end

do
local TOO_LONG = failure('ERR string exceeds maximum allowed size (proto-max-bulk-len)')

operation('append', 'grow', function(base, args)
  local field = fieldOf(args[3])
  local session, values = find(base, args[1], { field })
  if not session then return noSession(args[1]) end
  local before = values[2] or ''
  local length = #before + #args[4]
  if length > tonumber(args[5]) then return TOO_LONG end
  wrote(session, args[2])
  put(session, values, { field, before .. args[4] }, 1)
  return length
end)
end

do
operation('cas', 'grow', function(base, args)
  local field = fieldOf(args[3])
  local session, values = find(base, args[1], { field })
  if not session then return noSession(args[1]) end
  if values[2] ~= args[4] then return 0 end
  wrote(session, args[2])
  put(session, values, { field, args[5] }, 1)
  return 1
end)
end

do
operation('clear', 'write', function(base, args)
  local session = find(base, args[1])
  if not session then return noSession(args[1]) end
  local cleared = countKeys(session)
  if cleared == 0 then return 0 end
  empty(session)
  wrote(session, args[2])
  save(session)
  keepUntil(session, session.key)
  return cleared
end)
end

do
operation('contains', 'read', function(base, args)
  local session = find(base, args[1])
  if not session then return noSession(args[1]) end
  local found = {}
  for i = 2, #args do found[i - 1] = call('HEXISTS', session.key, fieldOf(args[i])) end
  return found
end)
end

do
operation('count', 'read', function(base, args)
  local session = find(base, args[1])
  return session and countKeys(session) or noSession(args[1])
end)
end

do
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
end

do
operation('del', 'write', function(base, args)
  toFields(args, 3, 1)
  local session, values = find(base, args[1], slice(args, 3))
  if not session then return noSession(args[1]) end
  local deleted = callMany('HDEL', session.key, args, 3, 1)
  if deleted == 0 then return 0 end
  local seen = {}
  for i = 3, #args do
    local field, value = args[i], values[i - 1]
    if value and not seen[field] then
      seen[field] = true
      session.bytes = session.bytes - #keyOf(field) - #value
    end
  end
  wrote(session, args[2])
  save(session)
  return deleted
end)
end

do
-- How many entries the outbox keeps, and for how long, in ms, unless the caller says otherwise.
local KEPT = '1000'
local KEPT_FOR = 300000

operation('due', 'read', function(base, args)
  local outbox = base .. ':events'
  call('XTRIM', outbox, 'MAXLEN', '~', args[3] or KEPT)
  call('XTRIM', outbox, 'MINID', '~', format('%.0f', nowMs() - tonumber(args[4] or KEPT_FOR)))
  local last = format('%.0f', nowMs() + tonumber(args[1]))
  local found = call('ZRANGE', base .. ':due', '-inf', last, 'BYSCORE', 'LIMIT', 0, args[2], 'WITHSCORES')
  local reply = { nowMs() }
  for i = 1, #found, 2 do
    reply[i + 1] = found[i]
    reply[i + 2] = tonumber(found[i + 1])
  end
  return reply
end)
end

do
-- The events that a caller may name.
local EVENTS = { ended = true, limit = true }

operation('end', 'write', function(base, args)
  local event = args[2]
  if not EVENTS[event] then return failure('ERR unknown event') end
  local session = find(base, args[1])
  return session and finish(session, event) or false
end)
end

do
operation('endsome', 'write', function(base, args)
  local page = call('ZSCAN', base .. ':due', args[1], 'COUNT', args[2])
  local reply = { page[1] }
  for i = 1, #page[2], 2 do
    local session = find(base, '=' .. page[2][i])
    if session then reply[#reply + 1] = finish(session, 'ended') end
  end
  return reply
end)
end

do
-- Returns the id of the latest entry that the outbox has ever had.
local function lastId(outbox)
  if call('EXISTS', outbox) == 0 then return '0-0' end
  local info = call('XINFO', 'STREAM', outbox)
  for i = 1, #info, 2 do
    if info[i] == 'last-generated-id' then return info[i + 1] end
  end
end

operation('events', 'read', function(base, args)
  local outbox = base .. ':events'
  local reply = { lastId(outbox) }
  if args[1] == '$' then return reply end
  for _, entry in ipairs(call('XRANGE', outbox, '(' .. args[1], '+', 'COUNT', args[2])) do
    reply[#reply + 1] = entry[1]
    reply[#reply + 1] = entry[2][2]
  end
  return reply
end)
end

do
local UNKNOWN = failure('ERR unknown function')

operation('exec', 'grow', function(base, args)
  local at = 2
  for _ = 1, tonumber(args[1]) do
    if versionOf(base, args[at]) ~= args[at + 1] then return false end
    at = at + 2
  end
  local replies, replied = {}, 0
  while at < #args do
    local run, count = operations[args[at]], tonumber(args[at + 1])
    local own = {}
    for i = 1, count do own[i] = args[at + 1 + i] end
    replied = replied + 1
    if run then
      replies[replied] = run(base, own)
    else
      replies[replied] = UNKNOWN
    end
    at = at + 2 + count
  end
  return replies
end)

-- It does not call itself.
operations.exec = nil
end

do
operation('exists', 'read', function(base, args)
  return find(base, args[1]) and 1 or 0
end)
end

do
operation('expire', 'write', function(base, args)
  local session = find(base, args[1])
  if not session then return 0 end
  session.duration = tonumber(args[2])
  if args[3] ~= '' then switch(session, Flag.DELETE, args[3] == '1') end
  change(session)
  start(session)
  session.due = session.deadline
  save(session)
  -- The node's own time for removing it may have changed as well.
  place(session)
  return 1
end)
end

do
operation('get', 'read', function(base, args)
  local session = find(base, args[1])
  if not session then return noSession(args[1]) end
  local value = call('HGET', session.key, fieldOf(args[3]))
  wasRead(session, args[2])
  return value
end)
end

do
operation('getall', 'read', function(base, args)
  local session = find(base, args[1])
  if not session then return noSession(args[1]) end
  local fields = call('HGETALL', session.key)
  wasRead(session, args[2])
  local data, count = {}, 0
  for i = 1, #fields, 2 do
    local field = fields[i]
    if not isOwn(field) then
      data[count + 1] = keyOf(field)
      data[count + 2] = fields[i + 1]
      count = count + 2
    end
  end
  return data
end)
end

do
operation('getmany', 'read', function(base, args)
  toFields(args, 3, 1)
  local session, values = find(base, args[1], slice(args, 3))
  if not session then return noSession(args[1]) end
  wasRead(session, args[2])
  remove(values, 1)
  return values
end)
end

do
operation('heartbeat', 'read', function(base, args)
  local key, process, lease = base .. ':processes', args[1], tonumber(args[2])
  local time = nowMs()
  if lease > 0 then
    call('ZADD', key, time, process)
    call('ZREMRANGEBYSCORE', key, '-inf', '(' .. format('%.0f', time - lease))
  else
    call('ZREM', key, process)
  end
  return { time, unpack(call('ZRANGE', key, 0, -1)) }
end)
end

do
operation('id', 'read', function(base, args)
  local session = find(base, args[1])
  return session and session.origin or noSession(args[1])
end)
end

do
local NOT_AN_INTEGER = failure(
  'ERR value is not an integer: the value of this key must be a whole number from -2^63 to 2^63 - 1'
)
local OVERFLOW = failure('ERR increment or decrement would overflow')

-- Lua's numbers are doubles, so the node does the sum.
operation('incrby', 'grow', function(base, args)
  local field = fieldOf(args[3])
  local session, values = find(base, args[1], { field })
  if not session then return noSession(args[1]) end
  local sum = try('HINCRBY', session.key, field, args[4])
  if type(sum) == 'table' then return sum.err:find('overflow') and OVERFLOW or NOT_AN_INTEGER end
  sum = call('HGET', session.key, field)
  wrote(session, args[2])
  local before = values[2]
  session.bytes = session.bytes + #sum - (before and #before or -#args[3])
  save(session)
  return sum
end)
end

do
operation('index', 'grow', function(base, args)
  local name, origin = args[1], args[2]
  local key = indexKey(base, name)
  -- No two sessions with a name are created at the same time, so that their order is known.
  local newest = call('ZRANGE', key, -1, -1, 'WITHSCORES')
  local created = format('%016.0f', newest[2] and max(now, newest[2] + 1) or now)
  call('ZADD', key, created, origin .. created)
  call('ZADD', base .. ':creating', nowMs(), origin .. created .. name)
  if not newest[2] then call('SADD', base .. ':names', name) end
  return created
end)
end

do
operation('indexed', 'write', function(base, args)
  local creating, key = base .. ':creating'
  for _, member in ipairs(args) do
    local _, _, name = partsOf(member)
    key = indexKey(base, name)
    if call('ZREM', creating, member) == 0 then
      -- Index repair has given the session up. If so, its entry comes back, and index repair looks again.
      local id = sub(member, 1, ID_LENGTH)
      if call('ZADD', key, 'NX', sub(id, ORIGIN_LENGTH + 1), id) == 1 then
        call('SADD', base .. ':names', name)
        call('ZADD', creating, nowMs(), member)
      end
    end
  end
  return call('ZCARD', key)
end)
end

do
-- The settings among the flags, as `create` takes them.
local SETTINGS = Flag.DELETE + Flag.EXTEND_GET + Flag.EXTEND_SET + Flag.SHARED

operation('info', 'read', function(base, args)
  local session = find(base, args[1])
  if not session then return noSession(args[1]) end
  local encoding = call('OBJECT', 'ENCODING', session.key)
  return {
    session.name,
    countKeys(session),
    band(session.flags, SETTINGS),
    session.duration,
    session.maxAge * 1000,
    msLeft(session),
    session.created,
    session.bytes,
    encoding == 'hashtable' and 'hashed' or 'packed',
  }
end)
end

do
operation('keys', 'read', function(base, args)
  local session = find(base, args[1])
  if not session then return noSession(args[1]) end
  local keys, count = {}, 0
  for _, field in ipairs(call('HKEYS', session.key)) do
    if not isOwn(field) then
      count = count + 1
      keys[count] = keyOf(field)
    end
  end
  return keys
end)
end

do
operation('leftovers', 'read', function(base, args)
  local function olderThan(key, ms)
    local last = format('%.0f', nowMs() - tonumber(ms))
    return call('ZRANGE', base .. key, '-inf', '(' .. last, 'BYSCORE', 'LIMIT', 0, args[3])
  end
  return { olderThan(':creating', args[1]), olderThan(':unindexing', args[2]) }
end)
end

do
-- About how many keys are shown with the lengths of their values.
local SIZES = 64

local function sizesOf(session)
  local sizes, count = {}, 0
  eachSize(session, countKeys(session) <= SIZES, SIZES, function(key, length)
    sizes[count + 1] = key
    sizes[count + 2] = length
    count = count + 2
    return count < 2 * SIZES
  end)
  return sizes
end

operation('list', 'read', function(base, args)
  local count = tonumber(args[1])
  local sizes = args[count + 2] == '1'
  toFields(args, count + 3, 1)
  local fields = slice(args, count + 3)
  local listed = {}
  for i = 1, count do
    local session, values = find(base, '=' .. args[i + 1], fields)
    if session then
      remove(values, 1)
      listed[i] = {
        -- The clock of another node says when it was created.
        max(session.used, floor(session.created / 1000)),
        msLeft(session),
        session.bytes,
        countKeys(session),
        sizes and sizesOf(session) or {},
        values,
      }
    else
      listed[i] = false
    end
  end
  return listed
end)
end

do
operation('namescan', 'read', function(base, args)
  local page = call('SSCAN', base .. ':names', args[1], 'COUNT', args[2])
  local found = { page[1] }
  for _, name in ipairs(page[2]) do
    found[#found + 1] = name
    found[#found + 1] = call('ZCARD', indexKey(base, name))
  end
  return found
end)
end

do
operation('page', 'read', function(base, args)
  local after = args[2] == '' and '-inf' or '(' .. sub(args[2], -16)
  return call('ZRANGE', indexKey(base, args[1]), after, '+inf', 'BYSCORE', 'LIMIT', 0, args[3])
end)
end

do
local EXPIRED, NOTHING = -1, -2

-- Handles a member of the set of what is due. Returns what the reply says about it.
local function reap(base, member)
  local session = findById(base, member)
  if not session then
    -- The session has ended, or no process reaped it in time and the node has removed it.
    if call('ZREM', base .. ':due', member) == 0 then return NOTHING end
    local origin, created, name = partsOf(member)
    notify(base, 'expired', origin, origin, created, name, '-')
    call('ZADD', base .. ':unindexing', nowMs(), member)
    tally(base, 'expired')
    return EXPIRED
  end
  local _, done = settle(session)
  if done then return EXPIRED end
  if session.due ~= session.deadline then
    session.due = session.deadline
    save(session)
    place(session)
  end
  -- Sessions without a deadline are not due.
  return session.deadline < NEVER and msLeft(session) or NOTHING
end

-- What it changes need not be confirmed: a session that a failover brings back is still past its deadline.
operation('reap', 'read', function(base, args)
  local reply = { nowMs() }
  for i, member in ipairs(args) do
    -- A session that cannot be read must not keep the others from expiring.
    local done, left = pcall(reap, base, member)
    reply[i + 1] = done and left or NOTHING
  end
  return reply
end)
end

do
operation('replace', 'grow', function(base, args)
  toFields(args, 3, 2)
  local session = find(base, args[1])
  if not session then return noSession(args[1]) end
  local cleared = countKeys(session)
  if cleared > 0 then empty(session) end
  wrote(session, args[2])
  put(session, {}, args, 3)
  keepUntil(session, session.key)
  return cleared
end)
end

do
-- The most old tokens that a session can have at a time.
local MAX_OLD = 16

local IS_SHARED = failure(
  'ERR the token of a shared session is derived from its name, so it cannot be rotated'
)

-- Removes the old token whose time of grace ends first.
local function dropFirst(base, old)
  local first = 1
  for i = 2, #old do
    if old[i][2] < old[first][2] then first = i end
  end
  call('DEL', tokenKey(base, remove(old, first)[1]))
end

-- It adds a little, but a login must get its new token even when memory is short.
operation('rotate', 'write', function(base, args)
  local session = find(base, args[1])
  if not session then return noSession(args[1]) end
  if has(session, Flag.SHARED) then return IS_SHARED end
  local token, grace = args[2], tonumber(args[3])
  local current, old = session.origin, {}
  if has(session, Flag.ROTATED) then
    local all
    current, all = tokensOf(session)
    for _, one in ipairs(all) do
      -- The node has removed the others.
      if one[2] > nowMs() then old[#old + 1] = one end
    end
  end
  if grace > 0 then
    if #old >= MAX_OLD then dropFirst(base, old) end
    local ends = nowMs() + grace
    old[#old + 1] = { current, ends }
    -- A key is still there in the millisecond of its expiry.
    call('SET', tokenKey(base, current), session.origin, 'PXAT', ends - 1)
  else
    call('DEL', tokenKey(base, current))
    for _, one in ipairs(old) do call('DEL', tokenKey(base, one[1])) end
    old = {}
  end
  call('SET', tokenKey(base, token), session.origin)
  switch(session, Flag.ROTATED, true)
  change(session)
  local tokens = { token }
  for _, one in ipairs(old) do tokens[#tokens + 1] = one[1] .. pack('<I6', one[2]) end
  save(session, TOKENS, concat(tokens))
  keepUntil(session, tokenKey(base, token))
  tally(base, 'rotated')
  notify(base, 'rotated', session.origin, token, session.created, session.name, '-')
  return 1
end)
end

do
operation('scan', 'read', function(base, args)
  local page = call('ZSCAN', base .. ':due', args[1], 'COUNT', args[2])
  local found = { page[1] }
  for i = 1, #page[2], 2 do
    local session = find(base, '=' .. page[2][i])
    if session then
      found[#found + 1] = tokenOf(session)
      found[#found + 1] = session.name
    end
  end
  return found
end)
end

do
operation('set', 'grow', function(base, args)
  toFields(args, 3, 2)
  local session, values = find(base, args[1], every(args, 3, 2))
  if not session then return noSession(args[1]) end
  wrote(session, args[2])
  put(session, values, args, 3)
  return 1
end)
end

do
-- The format of all keys that the functions write.
local STORE_FORMAT = '1'

operation('setup', 'grow', function(base, args)
  local key = base .. ':store'
  if call('EXISTS', key) == 0 then
    call('HSET', key, 'format', STORE_FORMAT, 'partitions', args[1], 'secret', args[2])
  end
  return call('HMGET', key, 'format', 'partitions', 'secret')
end)
end

do
-- How many sessions the estimates are made from.
local SAMPLE = 16

-- Returns about how many keys all sessions have, and how many bytes.
local function estimate(base, sessions)
  local looked, keys, bytes = 0, 0, 0
  for _, member in ipairs(call('ZRANDMEMBER', base .. ':due', SAMPLE)) do
    local session = findById(base, member)
    if session then
      looked = looked + 1
      keys = keys + countKeys(session)
      bytes = bytes + session.bytes
    end
  end
  if looked == 0 then return 0, 0 end
  return floor(keys / looked * sessions + 0.5), floor(bytes / looked * sessions + 0.5)
end

operation('stats', 'read', function(base)
  local sessions = call('ZCARD', base .. ':due')
  local keys, bytes = estimate(base, sessions)
  local counts = call('HMGET', base .. ':stats', 'created', 'ended', 'expired', 'cleared', 'rotated')
  for i, count in ipairs(counts) do counts[i] = tonumber(count or 0) end
  return {
    sessions, keys, bytes, call('SCARD', base .. ':names'),
    counts[1], counts[2], counts[3], counts[4], 0, counts[5],
  }
end)
end

do
operation('tokens', 'read', function(base, args)
  local tokens = {}
  for i, id in ipairs(args) do
    local session = find(base, '=' .. id)
    tokens[i] = session and tokenOf(session) or false
  end
  return tokens
end)
end

do
operation('touch', 'write', function(base, args)
  local session = find(base, args[1])
  if not session then return 0 end
  local runs = has(session, Flag.RUNNING)
  useNow(session, '1')
  if runs then start(session) end
  save(session)
  return runs and 1 or 0
end)
end

do
operation('ttl', 'read', function(base, args)
  local session = find(base, args[1])
  return session and msLeft(session) or -2
end)
end

do
operation('unindex', 'write', function(base, args)
  local removed = 0
  for _, member in ipairs(args) do
    local _, _, name = partsOf(member)
    local key = indexKey(base, name)
    local count = call('ZREM', key, sub(member, 1, ID_LENGTH))
    if count > 0 and call('EXISTS', key) == 0 then call('SREM', base .. ':names', name) end
    removed = removed + count
  end
  callMany('ZREM', base .. ':creating', args, 1, 1)
  return removed
end)
end

do
operation('unindexed', 'write', function(base, args)
  return callMany('ZREM', base .. ':unindexing', args, 1, 1)
end)
end

do
operation('version', 'read', function(base, args)
  return versionOf(base, args[1])
end)
end
