-- How many entries are read at a time, and at most about how many bytes.
local STEP = 8
local MAX_BYTES = 1024 * 1024

-- Marks that the stream was on the node with the outbox.
local HERE = 'here'

-- Returns the entry after which to read if the position belongs to another history than this node's: the one that is
-- marked here. It is certainly in the stream if the stream's node still has all that it had when the mark was made, or
-- was this node then and now, so that both came from one primary. Otherwise everything is read.
local function markedHere(key, here, stream)
  local mark = call('HMGET', key, 'id', 'stream')
  if mark[1] and (mark[2] == stream or mark[2] == HERE and stream == here) then return mark[1] end
  return START[1]
end

operation('unforwarded', 'read', function(base, args)
  local after, history, stream, count = args[1], args[2], args[3], tonumber(args[4])
  local lease, most, kept, keptFor = tonumber(args[5]), args[6], tonumber(args[7]), tonumber(args[8] or KEPT_FOR)
  local outbox, key = outboxOf(base), forwardedOf(base)
  local here = historyHere()
  if history == here then
    call('HSET', key, 'id', after, 'stream', stream == here and HERE or stream)
  else
    after = markedHere(key, here, stream)
  end
  call('HSET', key, 'ends', format('%.0f', nowMs() + lease), 'most', most)
  local reply, read, bytes, from = { here, after }, 0, 0, after
  repeat
    local some = call('XRANGE', outbox, '(' .. from, '+', 'COUNT', min(STEP, count - read))
    for _, entry in ipairs(some) do
      from = entry[1]
      local payload = entry[2][2]
      reply[#reply + 1] = from
      reply[#reply + 1] = payload
      bytes = bytes + #payload
    end
    read = read + #some
  until #some < STEP or read >= count or bytes >= MAX_BYTES
  local atEnd = #reply == 2 or not call('XRANGE', outbox, '(' .. from, '+', 'COUNT', 1)[1]
  -- Of the entries that have been forwarded, as many are kept as if there were no stream.
  if atEnd then call('XTRIM', outbox, 'MAXLEN', '~', max(kept, read)) end
  local oldest = format('%.0f-0', nowMs() - keptFor)
  call('XTRIM', outbox, 'MINID', '~', isAfter(oldest, after) and after or oldest)
  return reply
end)
