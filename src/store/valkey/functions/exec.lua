local UNKNOWN = failure('ERR unknown function')

local function execute(base, args)
  local at = 2
  for _ = 1, tonumber(args[1]) do
    if versionOf(base, args[at]) ~= args[at + 1] then return false end
    at = at + 2
  end
  local replies, replied = {}, 0
  while at < #args do
    local run, count = operations[args[at]], tonumber(args[at + 1])
    local own = {}
    for i = 1, count do own[i] = args[at + 1 + i] end
    replied = replied + 1
    if run then
      replies[replied] = run(base, own)
    else
      replies[replied] = UNKNOWN
    end
    at = at + 2 + count
  end
  return replies
end

operation('exec', 'grow', execute)
-- For a transaction whose functions add nothing: the node also runs it when its memory is full.
operation('execless', 'write', execute)

-- A transaction contains no other one.
operations.exec, operations.execless = nil, nil
