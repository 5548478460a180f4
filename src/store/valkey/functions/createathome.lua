operation('createathome', 'grow', function(base, args)
  local token, name, elsewhere = args[1], args[2], args[7]
  local key = indexKey(base, name)
  local count = call('ZCARD', key)
  if count >= tonumber(args[6]) and elsewhere ~= '' then return enterBefore(base, name, elsewhere) end
  local created = nextCreated(key, count)
  local failed = create(base, args, created, 8)
  if failed then return failed end
  enter(base, key, name, token, created, count)
  return count + 1
end)
