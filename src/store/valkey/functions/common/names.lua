-- The index of names.

local function indexKey(base, name)
  return base .. ':n:' .. name
end
