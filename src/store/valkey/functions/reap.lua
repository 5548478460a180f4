-- Handles a member of the due set. Returns what the reply says about it.
local function reap(base, member)
  local session = findById(base, member)
  if not session then
    -- The session has ended, or no process reaped it in time and the node has removed it.
    if call('ZREM', base .. ':due', member) == 0 then return Reaped.NOTHING end
    local origin, created, name = partsOf(member)
    notify(base, 'expired', origin, origin, created, name, EventData.NONE)
    tally(base, 'expired')
    return mustUnindex(base, member, name) and Reaped.INDEXED or Reaped.EXPIRED
  end
  local _, done, ended = settle(session)
  if done then return ended == member and Reaped.INDEXED or Reaped.EXPIRED end
  if session.due ~= session.deadline then
    session.due = session.deadline
    save(session)
    place(session)
  end
  -- Sessions without a deadline are not due.
  return session.deadline < NEVER and msLeft(session) or Reaped.NOTHING
end

-- No replica has to confirm what it changes: a session that a failover brings back is still past its deadline.
operation('reap', 'read', function(base, args)
  local reply = { nowMs() }
  for i, member in ipairs(args) do
    -- A session that cannot be read must not keep the others from expiring.
    local done, left = pcall(reap, base, member)
    reply[i + 1] = done and left or Reaped.NOTHING
  end
  return reply
end)
