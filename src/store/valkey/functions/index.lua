operation('index', 'grow', function(base, args)
  local name, origin = args[1], args[2]
  return enterBefore(base, name, origin)
end)
