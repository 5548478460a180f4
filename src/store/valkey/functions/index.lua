operation('index', 'grow', function(base, args)
  return enterBefore(base, args[1], args[2])
end)
