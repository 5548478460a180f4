-- In µs. Later, index repair removes the entry.
local PATIENCE = CREATION_MS * 1000

local TOO_LATE = failure('TRYAGAIN creating the session took too long, so it was not created')

operation('create', 'grow', function(base, args)
  local created = args[6]
  if tonumber(created) < now - PATIENCE then return TOO_LATE end
  return create(base, args, created, 7) or 1
end)
