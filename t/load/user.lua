-- One user by name, uniformly at random.  Arguments: path up to the name,
-- first and last name, seed.
dofile("common.lua")

function init(args)
	local first, last = tonumber(args[2]), tonumber(args[3])

	math.randomseed(tonumber(args[4]))
	cycle(20000, function()
		local name = string.format("%d", math.random(first, last))

		return wrk.format("GET", args[1] .. name)
	end)
end
