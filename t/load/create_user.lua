-- A new user with every request.  Arguments: the first name, eight digits.
dofile("common.lua")

function init(args)
	local name = tonumber(args[1])
	local before, after = numbered("POST", "/users", '{"name":"', '"}')

	function request()
		name = name + 1
		return before .. string.format("%d", name) .. after
	end
end
