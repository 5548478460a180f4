-- The fields of a session's hash.
--
-- A user's key is the field with the same name, unless it is empty or begins with a zero byte. Then the field has one
-- more zero byte in front. So no key can be one of the fields that respite itself uses.

-- The settings and state of the session, packed.
local META = ''
-- The same, of a session that has keys with deadlines. Its field META then has something else: see `session.lua`.
local STATE = '\0s'
-- The tokens of a session whose token has changed: the current one, then each old one with the end of its grace period.
local TOKENS = '\0t'

-- Respite's own fields.
local OWN = { [META] = true, [STATE] = true, [TOKENS] = true }

local function isEscaped(text)
  local first = byte(text)
  return first == 0 or first == nil
end

local function fieldOf(key)
  if isEscaped(key) then return '\0' .. key end
  return key
end

local function keyOf(field)
  if byte(field) == 0 then return sub(field, 2) end
  return field
end

-- Turns keys into fields in place: each `step`-th argument from a place on.
local function toFields(args, from, step)
  for i = from, #args, step do
    if isEscaped(args[i]) then args[i] = '\0' .. args[i] end
  end
end

-- Returns each `step`-th argument from a place on.
local function every(args, from, step)
  local list, count = {}, 0
  for i = from, #args, step do
    count = count + 1
    list[count] = args[i]
  end
  return list
end

-- Returns the values of META and of fields, false for each that is missing.
local function fetch(key, fields)
  local count = #fields
  -- Two short calls take less time than one whose reply is a list.
  if count == 1 then return { call('HGET', key, META), call('HGET', key, fields[1]) } end
  if count <= MOST then return call('HMGET', key, META, unpack(fields)) end
  local values = { call('HGET', key, META) }
  for first = 1, count, MOST do
    local some = call('HMGET', key, unpack(fields, first, min(first + MOST - 1, count)))
    for i = 1, #some do values[first + i] = some[i] end
  end
  return values
end
