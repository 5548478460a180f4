-- The partition's counters.

-- Adds one to a counter: 'created', 'ended', 'expired', 'cleared' or 'rotated'.
local function tally(base, what)
  call('HINCRBY', base .. ':stats', what, 1)
end
