-- The functions of the library.

-- By name. `exec` also finds them here, so it can call nothing else by a name that a caller gives.
local operations = {}

-- The node runs all functions when its memory is full, except those that may add something.
local FLAGS = { read = { 'allow-oom' }, write = { 'allow-oom' }, grow = {} }

-- Declares a function. kind: `read` if no replica has to confirm what it changes (deadlines, expiry, housekeeping),
-- `write` if it adds nothing, otherwise `grow`.
local function operation(name, kind, run)
  operations[name] = run
  redis.register_function({
    function_name = PREFIX .. name,
    callback = function(keys, args)
      begin()
      return run(keys[1], args)
    end,
    flags = FLAGS[kind],
  })
end
