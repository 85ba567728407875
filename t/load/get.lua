-- One path for ever.  Arguments: path.
dofile("common.lua")

function init(args)
	cycle(1, function()
		return wrk.format("GET", args[1])
	end)
end
