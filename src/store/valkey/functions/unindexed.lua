operation('unindexed', 'write', function(base, args)
  return callMany('ZREM', base .. ':unindexing', args, 1, 1)
end)
