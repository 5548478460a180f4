-- The tokens of a session: the current one, old ones in their grace periods, and the keys that lead from them to it.

local function tokenKey(base, token)
  return base .. ':t:' .. token
end

-- Returns the current token of a rotated session, and a list of its old ones: {token, end of grace period in unix ms}.
local function tokensOf(session)
  local text = call('HGET', session.key, TOKENS)
  local old = {}
  for at = ORIGIN_LENGTH + 1, #text, ORIGIN_LENGTH + 6 do
    old[#old + 1] = { sub(text, at, at + ORIGIN_LENGTH - 1), (read('<I6', text, at + ORIGIN_LENGTH)) }
  end
  return sub(text, 1, ORIGIN_LENGTH), old
end

-- Returns the current token.
local function tokenOf(session)
  if not has(session, Flag.ROTATED) then return session.origin end
  return sub(call('HGET', session.key, TOKENS), 1, ORIGIN_LENGTH)
end
