-- How sessions end: by a command, or at their deadlines.

-- Removes the entry of a session that has ended from the index of its name. If the index is in another partition, notes
-- that this still has to be done. Returns whether it still has to be done.
local function mustUnindex(base, member, name)
  if leave(base, member, name) == 1 then return false end
  call('ZADD', base .. ':unindexing', nowMs(), member)
  return true
end

-- Ends a session. Returns its member if its entry in the index of its name is still to be removed, else 1.
local function finish(session, event)
  local base = session.base
  local token = session.origin
  local keys = { session.key }
  if session.keyDeadline < NEVER then keys[2] = deadlinesKey(session) end
  if has(session, Flag.ROTATED) then
    local current, old = tokensOf(session)
    token = current
    keys[#keys + 1] = tokenKey(base, current)
    for _, one in ipairs(old) do keys[#keys + 1] = tokenKey(base, one[1]) end
  end
  notify(base, event, session.origin, token, session.created, session.name, dataOf(session))
  call('UNLINK', unpack(keys))
  local member = memberOf(session)
  call('ZREM', base .. ':due', member)
  tally(base, event == 'expired' and event or 'ended')
  return mustUnindex(base, member, session.name) and member or 1
end

-- Removes all keys of a session but keeps the session. `save` must follow.
local function empty(session)
  local tokens = has(session, Flag.ROTATED) and call('HGET', session.key, TOKENS)
  call('UNLINK', session.key)
  if session.keyDeadline < NEVER then call('UNLINK', deadlinesKey(session)) end
  session.keyDeadline = NEVER
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
  write(session)
  place(session)
  tally(base, 'cleared')
end

-- Expires the session and its keys whose deadlines have come, in the order of their deadlines. Returns whether the
-- session still exists, how much was done, and what `finish` returned if the session has ended.
-- most: after how many keys to stop, although more are due. Without it, all expire.
local function settle(session, most)
  local done = 0
  while nextDeadline(session) <= now do
    if session.keyDeadline <= session.deadline then
      local left = most and most - done or MOST
      if left <= 0 then break end
      done = done + expireKeys(session, min(session.deadline, now), left)
      save(session)
    elseif session.deadline >= session.ageEnd then
      return false, done + 1, finish(session, 'maxage')
    elseif has(session, Flag.DELETE) then
      return false, done + 1, finish(session, 'expired')
    else
      clearAtDeadline(session)
      done = done + 1
    end
  end
  return true, done
end
