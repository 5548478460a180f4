local NOT_AN_INTEGER = failure(
  'ERR value is not an integer: the value of this key must be a whole number from -2^63 to 2^63 - 1'
)
local OVERFLOW = failure('ERR increment or decrement would overflow')

-- Lua's numbers are doubles, so the node does the sum.
operation('incrby', 'grow', function(base, args)
  local field = fieldOf(args[3])
  local session, values = find(base, args[1], { field })
  if not session then return noSession(args[1]) end
  local sum = try('HINCRBY', session.key, field, args[4])
  if type(sum) == 'table' then return sum.err:find('overflow') and OVERFLOW or NOT_AN_INTEGER end
  sum = call('HGET', session.key, field)
  wrote(session, args[2])
  local before = values[2]
  session.bytes = session.bytes + #sum - (before and #before or -#args[3])
  save(session)
  return sum
end)
