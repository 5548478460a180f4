operation('expire', 'write', function(base, args)
  local address, duration, deleteSession = args[1], tonumber(args[2]), args[3]
  local session = find(base, address)
  if not session then return 0 end
  session.duration = duration
  if deleteSession ~= '' then switch(session, Flag.DELETE, deleteSession == '1') end
  change(session)
  start(session)
  session.due = nextDeadline(session)
  save(session)
  -- Even if it is in the right place, the time at which the node removes it may have changed.
  place(session)
  return 1
end)
