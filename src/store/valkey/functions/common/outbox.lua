-- How much the outbox of a partition keeps.

-- The outbox never has many more entries than this, unless they are still to be forwarded to the stream. Usually it is
-- trimmed to far fewer.
local MAX_EVENTS = 10000
-- About how many entries it keeps, and for how long, in ms, unless the caller says otherwise.
local KEPT = 1000
local KEPT_FOR = 300000
-- An event checks this about once in so many µs, because checking takes as long as everything else that it does.
local CHECK_OF = 64

local function outboxOf(base)
  return base .. ':events'
end

-- The hash that protects entries of the outbox from being trimmed. id: the last entry that is known to be in the
-- stream. ends: how long this holds, in unix ms. most: how many later entries there may be at most, 0 for any number.
local function forwardedOf(base)
  return base .. ':forwarded'
end

-- Returns whether a process forwards the outbox, and the most entries that it may have then.
local function isForwarded(base)
  local mark = call('HMGET', forwardedOf(base), 'ends', 'most')
  return mark[1] and tonumber(mark[1]) > nowMs() or false, tonumber(mark[2] or 0)
end

-- Keeps an outbox that nobody trims from growing without limit.
local function bound(base)
  if now % CHECK_OF ~= 0 then return end
  local forwarded, most = isForwarded(base)
  if not forwarded then most = MAX_EVENTS end
  if most > 0 then call('XTRIM', outboxOf(base), 'MAXLEN', '~', most) end
end
