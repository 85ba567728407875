-- A new event of some host with every request.  Arguments: the first name,
-- first and last host, eight digits all.
dofile("common.lua")

function init(args)
	local name = tonumber(args[1])
	local first, last = tonumber(args[2]), tonumber(args[3])
	local before, after = numbered("POST", "/events", '{"name":"',
		'","address":"221b Baker Street",' ..
		'"schedule":"2024-01-01T00:00:00Z","host_name":"00000000"}')

	after = after:sub(1, -11)
	function request()
		name = name + 1
		return before .. string.format("%d", name) .. after ..
			string.format("%d", math.random(first, last)) .. '"}'
	end
end
