-- Pages behind cursors.  Arguments: path up to the cursor, file of cursors.
dofile("common.lua")

function init(args)
	local cursors = {}

	for line in io.lines(args[2]) do
		cursors[#cursors + 1] = line
	end
	cycle(#cursors, function(i)
		return wrk.format("GET", args[1] .. cursors[i])
	end)
end
