-- Bodies of JSON, posted one after the other.  Arguments: path, file with a
-- body in each line.
dofile("common.lua")

function init(args)
	local headers = {["Content-Type"] = "application/json"}
	local bodies = {}

	for line in io.lines(args[2]) do
		bodies[#bodies + 1] = line
	end
	cycle(#bodies, function(i)
		return wrk.format("POST", args[1], headers, bodies[i])
	end)
end
