-- The functions of the library.

-- By name. `exec` calls them as well; nothing else can be called by a name that comes from outside.
local operations = {}

-- Which functions the node runs when its memory is full: all but those that may add something.
local FLAGS = { read = { 'allow-oom' }, write = { 'allow-oom' }, grow = {} }

-- Declares a function. kind: `read` if no replica has to confirm what it changes (deadlines, expiry,
-- housekeeping), `write` if it adds nothing, else `grow`.
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
