-- The deadlines of keys.
--
-- A sorted set beside the session has the fields of its keys that have a deadline. Score: the deadline, in unix µs. It
-- exists only while there are any, and the node removes it together with the session.

-- Notes which deadline of a key is the earliest, after some have changed. `save` must follow.
local function noteKeyDeadline(session)
  local first = call('ZRANGE', deadlinesKey(session), 0, 0, 'WITHSCORES')[2]
  session.keyDeadline = first and tonumber(first) or NEVER
  if not first then call('HDEL', session.key, STATE) end
end

-- Drops the deadlines of fields: the elements of a list from a place on. Returns how many had one. `save` must follow.
local function dropDeadlines(session, fields, from)
  if session.keyDeadline == NEVER then return 0 end
  local dropped = callMany('ZREM', deadlinesKey(session), fields, from, 1)
  if dropped > 0 then noteKeyDeadline(session) end
  return dropped
end

-- Gives fields of a session a deadline. `save` must follow.
local function setDeadlines(session, fields, deadline)
  local key = deadlinesKey(session)
  local isFirst = session.keyDeadline == NEVER
  -- Nothing is there, unless the node has removed an earlier session with the same token.
  if isFirst then call('DEL', key) end
  local score, scored, count = format('%.0f', deadline), {}, 0
  for _, field in ipairs(fields) do
    scored[count + 1] = score
    scored[count + 2] = field
    count = count + 2
  end
  callMany('ZADD', key, scored, 1, 2)
  if isFirst then
    session.keyDeadline = deadline
    local ends = call('PEXPIRETIME', session.key)
    if ends > 0 then call('PEXPIREAT', key, ends) end
  else
    noteKeyDeadline(session)
  end
end

-- Removes keys whose deadlines have come by a time, soonest first, with an event for each. most: how many at most. Returns
-- how many. `save` must follow.
local function expireKeys(session, last, most)
  local key = deadlinesKey(session)
  local due = call('ZRANGE', key, '-inf', format('%.0f', last), 'BYSCORE', 'LIMIT', 0, most)
  local token = tokenOf(session)
  for _, field in ipairs(due) do
    local data, length = dataOfKey(session, field)
    notify(session.base, 'keyexpired', session.origin, token, session.created, session.name, data)
    session.bytes = session.bytes - #keyOf(field) - length
  end
  callMany('HDEL', session.key, due, 1, 1)
  callMany('ZREM', key, due, 1, 1)
  noteKeyDeadline(session)
  change(session)
  tally(session.base, 'keysExpired', #due)
  return #due
end
