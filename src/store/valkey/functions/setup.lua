operation('setup', 'grow', function(base, args)
  local partitions, secret = args[1], args[2]
  local key = base .. ':store'
  if call('EXISTS', key) == 0 then
    call('HSET', key, 'format', STORE_FORMAT, 'partitions', partitions, 'secret', secret)
  end
  return call('HMGET', key, unpack(SETTINGS))
end)
