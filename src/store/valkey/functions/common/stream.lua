-- The stream of events, in partition 0, and how far each partition's outbox has been forwarded to it.

local function streamOf(base)
  return base .. ':stream'
end

-- A position in an outbox: the id of an entry, and the history of the node that had it then. Ids of the same history
-- only grow. A replica that takes over, and a node to which the partition moves, begin a new history: they may lack the
-- last entries, and have others with smaller ids. `''` is the history of a partition that has not been forwarded yet.
local START = { '0-0', '' }

-- Returns the history of this node.
local function historyHere()
  return match(call('INFO', 'replication'), 'master_replid:(%w+)') or 'unknown'
end

-- Returns up to where a partition's outbox has been forwarded, and the history of this node, which says so.
local function positionOf(base, partition)
  local stored = call('HGET', base .. ':positions', partition)
  local id, history = START[1], START[2]
  if stored then id, history = match(stored, '^(%S+) (%S*)$') end
  return { id, history, historyHere() }
end

-- Returns whether an id of an entry is greater than another.
local function isAfter(id, other)
  local ms, number = match(id, '^(%d+)-(%d+)$')
  local otherMs, otherNumber = match(other, '^(%d+)-(%d+)$')
  if ms == otherMs then return tonumber(number) > tonumber(otherNumber) end
  return tonumber(ms) > tonumber(otherMs)
end
