-- The partition's counters.

-- Adds to one of COUNTERS: one, or as many as given.
local function tally(base, what, count)
  call('HINCRBY', base .. ':stats', what, count or 1)
end
