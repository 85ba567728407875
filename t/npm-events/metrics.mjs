// Metrics as a parser of others reads them: {"text": ...} is answered by its
// families, or by {"fault": ...}.
import {createInterface} from 'node:readline';
import parse from 'parse-prometheus-text-format';

const say = (value) => process.stdout.write(JSON.stringify(value) + '\n');

function read(text) {
	try {
		return parse(text);
	} catch (error) {
		return {fault: error.message};
	}
}

createInterface({input: process.stdin})
	.on('line', (line) => say(read(JSON.parse(line).text)))
	.on('close', () => process.exit(0));
