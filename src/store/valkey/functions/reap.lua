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

operation('reap', 'write', function(base, args)
  local reply = { nowMs() }
  for i, member in ipairs(args) do reply[i + 1] = reap(base, member) end
  return reply
end)
