-- What WATCH compares.

-- Returns a text that changes when the session changes or another one takes its place. Empty if there is no session.
local function versionOf(base, address)
  local session = find(base, address)
  return session and format('%.0f:%d', session.created, session.changes) or ''
end
