-- The version of the format in which the functions write. `store-settings.ts` checks it.
local STORE_FORMAT = '1'

operation('setup', 'grow', function(base, args)
  local key = base .. ':store'
  if call('EXISTS', key) == 0 then
    call('HSET', key, 'format', STORE_FORMAT, 'partitions', args[1], 'secret', args[2])
  end
  return call('HMGET', key, 'format', 'partitions', 'secret')
end)
