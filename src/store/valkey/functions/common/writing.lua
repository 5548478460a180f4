-- Changing a session: its deadline, its place in the due set, and its meta field.

-- A session is not moved in the due set until its deadline is this much later, in µs. Until then, the owner of the
-- partition notices the later deadline when it reaps the session.
local LAZY = 30 * 60 * 1000000
-- How long after a session is due the node removes it by itself, in µs. This is much longer than LAZY.
local SLACK = 60 * 60 * 1000000
-- A deadline that is set nearer than this must be announced, in µs.
local HORIZON = HORIZON_MS * 1000
-- A read that changes nothing else is noted only if the last use was at least this long ago, in ms.
local USE_STEP = 100

-- Makes the node remove a key some time after the session's last deadline, in case no process is left to do so. A
-- session that survives its deadline stays until its maximum age.
local function keepUntil(session, key)
  local last = session.ageEnd
  if has(session, Flag.DELETE) then
    last = session.due
    -- The owner looks at it when a key expires. Until then, the session may be extended.
    if session.keyDeadline < session.deadline then last = max(session.deadline, last + session.duration * 1000) end
  end
  if last == NEVER then
    call('PERSIST', key)
  else
    call('PEXPIREAT', key, ceil((last + SLACK) / 1000))
  end
end

-- Places the session in the due set.
local function place(session)
  local member = memberOf(session)
  local due = session.due
  local score = due == NEVER and '+inf' or ceil(due / 1000)
  call('ZADD', session.base .. ':due', score, member)
  keepUntil(session, session.key)
  if session.keyDeadline < NEVER then keepUntil(session, deadlinesKey(session)) end
  if has(session, Flag.ROTATED) then keepUntil(session, tokenKey(session.base, tokenOf(session))) end
  if due < now + HORIZON then call('SPUBLISH', session.base .. ':due', score .. ' ' .. member) end
end

-- Writes the session's meta field, together with other fields and values.
local function write(session, ...)
  local settings = packed(session)
  if session.keyDeadline == NEVER then
    call('HSET', session.key, META, settings, ...)
  else
    call('HSET', session.key, META, pack(KEYS_LAYOUT, KEYS_FORMAT, session.keyDeadline), STATE, settings, ...)
  end
end

-- Writes the session like `write`, and moves it in the due set if it has to be.
local function save(session, ...)
  local deadline = nextDeadline(session)
  local moves = deadline < session.due or deadline > session.due + LAZY
  if moves then session.due = deadline end
  write(session, ...)
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

-- Records a change that WATCH must notice.
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

-- Sets keys to values, and writes the meta field. `values`: what `fetch` has returned for the keys. args: from a place
-- on, fields and values alternate.
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

-- Counts a read of the session's data, and extends the session if reads extend it.
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
