-- Refreshes: each with the newest refresh token of some session, of the one
-- that has not been asked for longest.  Arguments: file of refresh tokens,
-- of more sessions than there are connections.
dofile("common.lua")

local head = "POST /auth/refresh HTTP/1.1\r\nHost: localhost\r\n" ..
	"Content-Type: application/json\r\nContent-Length: "
local tokens, first, last = {}, 1, 0

local function put(token)
	last = last + 1
	tokens[last] = token
end

function init(args)
	for line in io.lines(args[1]) do
		put(line)
	end
	-- wrk asks for one request that it does not send.
	first = 0
	tokens[0] = tokens[1]
end

function request()
	local body = '{"refresh_token":"' .. tokens[first] .. '"}'

	tokens[first] = nil
	first = first + 1
	return head .. #body .. "\r\n\r\n" .. body
end

function response(status, headers, body)
	local token = body:match('"refresh_token":"([^"]+)"')

	if token then
		put(token)
	end
end
