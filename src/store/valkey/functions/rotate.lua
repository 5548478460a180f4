local IS_SHARED = failure(
  'ERR the token of a shared session is derived from its name, so it cannot be rotated'
)

-- Removes the old token whose grace period ends first.
local function dropFirst(base, old)
  local first = 1
  for i = 2, #old do
    if old[i][2] < old[first][2] then first = i end
  end
  call('DEL', tokenKey(base, remove(old, first)[1]))
end

-- This adds a little, but a login must get its new token even when memory is short.
operation('rotate', 'write', function(base, args)
  local address, token, grace = args[1], args[2], tonumber(args[3])
  local session = find(base, address)
  if not session then return noSession(address) end
  if has(session, Flag.SHARED) then return IS_SHARED end
  local current, old = session.origin, {}
  if has(session, Flag.ROTATED) then
    local all
    current, all = tokensOf(session)
    for _, one in ipairs(all) do
      -- The node has removed the others.
      if one[2] > nowMs() then old[#old + 1] = one end
    end
  end
  if grace > 0 then
    if #old >= MAX_OLD_TOKENS then dropFirst(base, old) end
    local ends = nowMs() + grace
    old[#old + 1] = { current, ends }
    -- A key is still there in the millisecond of its expiry.
    call('SET', tokenKey(base, current), session.origin, 'PXAT', ends - 1)
  else
    call('DEL', tokenKey(base, current))
    for _, one in ipairs(old) do call('DEL', tokenKey(base, one[1])) end
    old = {}
  end
  call('SET', tokenKey(base, token), session.origin)
  switch(session, Flag.ROTATED, true)
  change(session)
  local tokens = { token }
  for _, one in ipairs(old) do tokens[#tokens + 1] = one[1] .. pack('<I6', one[2]) end
  save(session, TOKENS, concat(tokens))
  keepUntil(session, tokenKey(base, token))
  tally(base, 'rotated')
  notify(base, 'rotated', session.origin, token, session.created, session.name, EventData.NONE)
  return 1
end)
