-- Calling the node, and its clock.

-- While a library is being loaded, it cannot reach any function of Lua or the node. So `prepare` gets them at the first
-- call, and the files may only define functions and constants.
local call, try
local band, bor, format, byte, sub, match, floor, ceil, max, min, pack, read, concat, remove

local function prepare()
  call, try = redis.call, redis.pcall
  band, bor = bit.band, bit.bor
  format, byte, sub, match = string.format, string.byte, string.sub, string.match
  floor, ceil, max, min = math.floor, math.ceil, math.max, math.min
  pack, read = struct.pack, struct.unpack
  concat, remove = table.concat, table.remove
end

-- The time of the call that is running, in unix µs.
local now = 0

-- A time that never comes, in unix µs. Times before it are exact in a double.
local NEVER = 2 ^ 53

-- Lua passes at most about 8,000 values to a function.
local MOST = 4000

-- Begins a call.
local function begin()
  if not call then prepare() end
  local time = call('TIME')
  now = time[1] * 1000000 + time[2]
end

-- Returns now in unix ms, rounded down.
local function nowMs()
  return floor(now / 1000)
end

-- Returns an error reply: a code, a space, a message. While the library is being loaded, there is no
-- `redis.error_reply`.
local function failure(text)
  return { err = text }
end

-- Calls a command with a key and any number of arguments: the elements of a list from a place on. Each call but the
-- last gets a multiple of `step` of them. Returns the sum of the replies.
local function callMany(command, key, list, from, step)
  local last = #list
  local most = MOST - MOST % step
  local sum = 0
  for first = from, last, most do
    sum = sum + call(command, key, unpack(list, first, min(first + most - 1, last)))
  end
  return sum
end

-- Returns the values that a reply has, in the order of their names.
local function inOrder(names, values)
  local reply = {}
  for i, name in ipairs(names) do reply[i] = values[name] end
  return reply
end

-- Returns the elements of a list from a place on.
local function slice(list, from)
  local part = {}
  for i = from, #list do part[i - from + 1] = list[i] end
  return part
end
