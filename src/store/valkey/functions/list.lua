-- About how many keys are shown with the lengths of their values.
local SIZES = 64

local function sizesOf(session)
  local sizes, count = {}, 0
  eachSize(session, countKeys(session) <= SIZES, SIZES, function(key, length)
    sizes[count + 1] = key
    sizes[count + 2] = length
    count = count + 2
    return count < 2 * SIZES
  end)
  return sizes
end

operation('list', 'read', function(base, args)
  local count = tonumber(args[1])
  local sizes = args[count + 2] == '1'
  toFields(args, count + 3, 1)
  local fields = slice(args, count + 3)
  local listed = {}
  for i = 1, count do
    local session, values = find(base, '=' .. args[i + 1], fields)
    if session then
      remove(values, 1)
      listed[i] = {
        -- The time of creation may come from the clock of another node.
        max(session.used, floor(session.created / 1000)),
        msLeft(session),
        session.bytes,
        countKeys(session),
        sizes and sizesOf(session) or {},
        values,
      }
    else
      listed[i] = false
    end
  end
  return listed
end)
