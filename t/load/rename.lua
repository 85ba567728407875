-- Each request gives one user another name and, one pass later, the old one
-- back.  Arguments: first name, first other name, eight digits; how many.
dofile("common.lua")

function init(args)
	local names = {tonumber(args[1]), tonumber(args[2])}
	-- wrk asks for one request that it does not send.
	local count, at = tonumber(args[3]), -2

	function request()
		local row, back

		at = at + 1
		row = at % count
		back = math.floor(at / count) % 2
		return string.format(
			"PUT /users?current_name=%d HTTP/1.1\r\n" ..
			"Host: localhost\r\n" ..
			"Content-Type: application/json\r\n" ..
			"Content-Length: 19\r\n\r\n" ..
			'{"name":"%d"}',
			names[1 + back] + row, names[2 - back] + row)
	end
end
