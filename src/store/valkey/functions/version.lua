operation('version', 'read', function(base, args)
  return versionOf(base, args[1])
end)
