-- How long after its entry was made a session can still be created, in µs. After that, index repair removes the entry.
local PATIENCE = 10 * 1000000

local TOO_LATE = failure('TRYAGAIN creating the session took too long, so it was not created')

operation('create', 'grow', function(base, args)
  local created = args[6]
  if tonumber(created) < now - PATIENCE then return TOO_LATE end
  return create(base, args, created, 7) or 1
end)
