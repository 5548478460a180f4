-- About how many keys one call expires, besides sessions. This takes one or two ms.
local MOST_KEYS = 256

-- Handles a member of the due set. Returns what the reply says about it, and how much has expired.
-- most: how many of its keys to expire at most.
local function reap(base, member, most)
  local session = findById(base, member)
  if not session then
    -- The session has ended, or no process reaped it in time and the node has removed it.
    if call('ZREM', base .. ':due', member) == 0 then return Reaped.NOTHING, 0 end
    local origin, created, name = partsOf(member)
    notify(base, 'expired', origin, origin, created, name, EventData.NONE)
    tally(base, 'expired')
    return mustUnindex(base, member, name) and Reaped.INDEXED or Reaped.EXPIRED, 1
  end
  local exists, done, ended = settle(session, most)
  if not exists then return ended == member and Reaped.INDEXED or Reaped.EXPIRED, done end
  local deadline = nextDeadline(session)
  if session.due ~= deadline then
    session.due = deadline
    write(session)
    place(session)
  end
  if done > 0 then return Reaped.EXPIRED, done end
  -- Sessions without a deadline are not due.
  return deadline < NEVER and max(0, msUntil(deadline)) or Reaped.NOTHING, 0
end

-- No replica has to confirm what it changes: a session that a failover brings back is still past its deadline.
operation('reap', 'read', function(base, args)
  local reply = { nowMs() }
  local most = MOST_KEYS
  for i, member in ipairs(args) do
    -- A session that cannot be read must not keep the others from expiring.
    local isRead, left, expired = pcall(reap, base, member, most)
    reply[i + 1] = isRead and left or Reaped.NOTHING
    if isRead then most = max(0, most - expired) end
  end
  return reply
end)
