-- What every wrk script here shares: the result as one line of name=value,
-- and a cycle through requests that were built before the clock started.

function done(summary, latency)
	local errors = summary.errors
	local line = {
		"RESULT",
		"requests=" .. summary.requests,
		"seconds=" .. summary.duration / 1e6,
		"bytes=" .. summary.bytes,
		"p50=" .. latency:percentile(50),
		"p99=" .. latency:percentile(99),
		"max=" .. latency.max,
		"status=" .. errors.status,
		"broken=" .. errors.connect + errors.read + errors.write,
		"timeout=" .. errors.timeout,
	}
	io.write(table.concat(line, " "), "\n")
end

-- Requests from a function of 1..n, served round and round.
function cycle(n, make)
	local requests, at = {}, 0

	for i = 1, n do
		requests[i] = make(i)
	end
	function request()
		at = at % n + 1
		return requests[at]
	end
end

-- A request with a JSON body whose two parts stand around a number of eight
-- digits, so that its length is always the same.
function numbered(method, path, before, after)
	local head = string.format("%s %s HTTP/1.1\r\nHost: localhost\r\n" ..
		"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n",
		method, path, #before + 8 + #after)

	return head .. before, after
end
