operation('exists', 'read', function(base, args)
  return find(base, args[1]) and 1 or 0
end)
