-- About how many keys are shown with the lengths of their values.
local SIZES = 64

local function sizesOf(session)
  local sizes = {}
  -- A packed hash is visited at once, a large one in parts.
  local fields = call('HSCAN', session.key, '0', 'COUNT', SIZES)[2]
  for i = 1, #fields, 2 do
    if not isOwn(fields[i]) and #sizes < 2 * SIZES then
      sizes[#sizes + 1] = keyOf(fields[i])
      sizes[#sizes + 1] = #fields[i + 1]
    end
  end
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
        session.used,
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
