operation('add', 'grow', function(base, args)
  local address, use = args[1], args[2]
  toFields(args, 3, 2)
  local session, values = find(base, address, every(args, 3, 2))
  if not session then return noSession(address) end
  local missing, added, seen = {}, 0, {}
  for at = 3, #args, 2 do
    local field = args[at]
    if not values[(at + 1) / 2] and not seen[field] then
      seen[field] = true
      missing[2 * added + 1] = field
      missing[2 * added + 2] = args[at + 1]
      added = added + 1
    end
  end
  if added > 0 then
    wrote(session, use)
    put(session, {}, missing, 1)
  end
  return added
end)
