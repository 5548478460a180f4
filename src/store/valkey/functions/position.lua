operation('position', 'grow', function(base, args)
  local stream = streamOf(base)
  -- Clients read the stream before there is an entry.
  if call('EXISTS', stream) == 0 then
    call('XGROUP', 'CREATE', stream, 'respite', '$', 'MKSTREAM')
    call('XGROUP', 'DESTROY', stream, 'respite')
  end
  return positionOf(base, args[1])
end)
