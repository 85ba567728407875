-- One user by name, uniformly at random, asked for by somebody who is signed
-- in.  Arguments: path up to the name, first and last name, seed, file of
-- tokens.
dofile("common.lua")

function init(args)
	local first, last = tonumber(args[2]), tonumber(args[3])
	local tokens = {}

	for line in io.lines(args[5]) do
		tokens[#tokens + 1] = "Bearer " .. line
	end
	math.randomseed(tonumber(args[4]))
	cycle(20000, function(i)
		local name = string.format("%d", math.random(first, last))

		return wrk.format("GET", args[1] .. name,
			{Authorization = tokens[i % #tokens + 1]})
	end)
end
