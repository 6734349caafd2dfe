-- wrk script: chat requests whose body has exactly BYTES bytes, from 64 users in turn.
-- wrk ... -s chat.lua URL -- BYTES [stream]

local requests = {}
local turn = 0

local function body(user, bytes, stream)
  local head = '{"model":"assistant","user":"u' .. user .. '"' .. (stream and ',"stream":true' or "")
    .. ',"messages":[{"role":"user","content":"'
  local tail = '"}]}'
  return head .. string.rep("x", bytes - #head - #tail) .. tail
end

function init(args)
  local bytes = tonumber(args[1])
  local stream = args[2] == "stream"
  -- Few copies of large bodies, so that the load generator itself stays in its caches.
  local users = bytes > 16384 and 8 or 64
  wrk.headers["Content-Type"] = "application/json"
  wrk.headers["Authorization"] = "Bearer sk-bench"
  for user = 1, users do
    requests[user] =
      wrk.format("POST", "/v1/chat/completions", nil, body(100 + user, bytes, stream))
  end
end

function request()
  turn = turn % #requests + 1
  return requests[turn]
end
