operation('expire', 'write', function(base, args)
  local session = find(base, args[1])
  if not session then return 0 end
  session.duration = tonumber(args[2])
  if args[3] ~= '' then switch(session, Flag.DELETE, args[3] == '1') end
  change(session)
  start(session)
  session.due = session.deadline
  save(session)
  -- Even if it is in the right place, the time at which the node removes it may have changed.
  place(session)
  return 1
end)
