// PostGraphile over the same tables, as its users run it: two processes, four
// connections each, no nginx.  Argument: {"port", "host", "database", "user",
// "options"} as JSON.  Says {"pids": [...], "version"} once both listen, and
// ends with its standard input.
import cluster from 'node:cluster';
import {createServer} from 'node:http';
import {createRequire} from 'node:module';

const PROCESSES = 2, CONNECTIONS = 4;
const {version} = createRequire(import.meta.url)(
	'postgraphile/package.json');
const {port, ...connection} = JSON.parse(process.argv[2]);

const listen = async () => {
	// GraphQL's library looks at this when it is loaded.
	process.env.NODE_ENV = 'production';
	const {default: pg} = await import('pg');
	const {default: {postgraphile}} = await import('postgraphile');
	const pool = new pg.Pool({...connection, max: CONNECTIONS,
		idleTimeoutMillis: 0});
	const handler = postgraphile(pool, 'api', {
		graphiql: false, disableQueryLog: true, dynamicJson: true,
		enableQueryBatching: false,
	});
	createServer(handler).listen(port, '127.0.0.1');
};

const lead = () => {
	let listening = 0;
	const workers = Array.from({length: PROCESSES}, () => cluster.fork());
	cluster.on('listening', () => {
		if (++listening === PROCESSES)
			console.log(JSON.stringify({
				pids: workers.map((worker) => worker.process.pid), version,
			}));
	});
	cluster.on('exit', () => process.exit(1));
	process.stdin.on('end', () => process.exit(0)).resume();
};

if (cluster.isPrimary) lead();
else await listen();
