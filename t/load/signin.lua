-- Sign-ins of many accounts, one after the other.  Arguments: how many
-- accounts, what stands before and behind an account's number in the body.
dofile("common.lua")

function init(args)
	local headers = {["Content-Type"] = "application/json"}

	cycle(tonumber(args[1]), function(i)
		return wrk.format("POST", "/auth/signin", headers,
			args[2] .. i .. args[3])
	end)
end
