local function sizesOf(session)
  local sizes, count = {}, 0
  eachSize(session, countKeys(session) <= SHOWN_SIZES, SHOWN_SIZES, function(key, length)
    sizes[count + 1] = key
    sizes[count + 2] = length
    count = count + 2
    return count < 2 * SHOWN_SIZES
  end)
  return sizes
end

operation('list', 'read', function(base, args)
  local count = tonumber(args[1])
  local withSizes = args[count + 2] == '1'
  toFields(args, count + 3, 1)
  local fields = slice(args, count + 3)
  local listed = {}
  for i = 1, count do
    local session, values = find(base, ID_MARK .. args[i + 1], fields)
    if session then
      remove(values, 1)
      listed[i] = inOrder(LISTED, {
        -- The time of creation may come from the clock of another node.
        lastUsed = max(session.used, floor(session.created / 1000)),
        timeLeft = msUntil(session.deadline),
        bytes = session.bytes,
        keys = countKeys(session),
        sizes = withSizes and sizesOf(session) or {},
        values = values,
      })
    else
      listed[i] = false
    end
  end
  return listed
end)
