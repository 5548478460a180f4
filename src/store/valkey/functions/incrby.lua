local NOT_AN_INTEGER = failure(
  'ERR value is not an integer: the value of this key must be a whole number from -2^63 to 2^63 - 1'
)
local OVERFLOW = failure('ERR increment or decrement would overflow')

-- Lua's numbers are doubles, so the node does the sum.
operation('incrby', 'grow', function(base, args)
  local address, use, key, increment = args[1], args[2], args[3], args[4]
  local field = fieldOf(key)
  local session, values = find(base, address, { field })
  if not session then return noSession(address) end
  local sum = try('HINCRBY', session.key, field, increment)
  if type(sum) == 'table' then return sum.err:find('overflow') and OVERFLOW or NOT_AN_INTEGER end
  sum = call('HGET', session.key, field)
  wrote(session, use)
  local before = values[2]
  session.bytes = session.bytes + #sum - (before and #before or -#key)
  save(session)
  return sum
end)
