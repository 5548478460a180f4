operation('touch', 'write', function(base, args)
  local session = find(base, args[1])
  if not session then return 0 end
  local runs = has(session, Flag.RUNNING)
  useNow(session, '1')
  if runs then start(session) end
  save(session)
  return runs and 1 or 0
end)
