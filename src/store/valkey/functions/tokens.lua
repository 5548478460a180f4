operation('tokens', 'read', function(base, args)
  local tokens = {}
  for i, id in ipairs(args) do
    local session = find(base, ID_MARK .. id)
    tokens[i] = session and tokenOf(session) or false
  end
  return tokens
end)
