// A mail server that does as a test says: one JSON object a line, each way.
//
//   node smtp.mjs '{"tls": "none|starttls|implicit", "key": "", "cert": "",
//                   "user": "", "password": ""}'
//
// It begins with {"port": 12345}, and answers
//
//   {"do": "faults", "list": [...]}  what goes wrong, one a connection:
//        {"at": "greeting|mail|rcpt|data", and "code": 550, "text": "...",
//         "drop": true, or "wait": milliseconds}, {"at": "hold"}: a mail is
//         taken, but the answer waits for "release"; null: nothing
//   {"do": "next"}     the next mail, once it is there
//   {"do": "release"}  answer what is held
//   {"do": "count"}    {"connections", "mails"} so far
import {createInterface} from 'node:readline';
import {readFileSync} from 'node:fs';
import {SMTPServer} from 'smtp-server';
import {simpleParser} from 'mailparser';

const options = JSON.parse(process.argv[2] ?? '{}');
const mails = [], waiting = [], held = [];
let faults = [], connections = 0, taken = 0;

const say = (value) => process.stdout.write(JSON.stringify(value) + '\n');

function refusal(fault) {
	const error = new Error(fault.text ?? 'as the test said');
	error.responseCode = fault.code;
	return error;
}

// Do what is to go wrong at this point of the session, or go on.
function pass(session, at, go) {
	const fault = session.fault;
	if (fault?.at !== at) return go();
	if (fault.drop) return session.socket.destroy();
	if (fault.code) return go(refusal(fault));
	setTimeout(go, fault.wait);
}

function hand_out() {
	while (waiting.length && mails.length > taken) waiting.shift()(mails[taken++]);
}

async function take(session, raw) {
	const mail = await simpleParser(raw);
	mails.push({
		raw: raw.toString('latin1'),
		from: session.envelope.mailFrom.address,
		to: session.envelope.rcptTo.map((one) => one.address),
		tls: session.secure,
		user: session.user ?? null,
		subject: mail.subject,
		text: mail.text,
		html: mail.html || null,
		lines: mail.headerLines.map((one) => one.line),
		id: mail.messageId,
	});
	hand_out();
}

function on_data(stream, session, done) {
	const chunks = [];
	const fault = session.fault;
	stream.on('data', (chunk) => {
		chunks.push(chunk);
		if (fault?.at === 'data' && fault.drop) session.socket.destroy();
	});
	stream.on('end', async () => {
		if (fault?.at === 'data') return pass(session, 'data', done);
		await take(session, Buffer.concat(chunks));
		if (fault?.at === 'hold') held.push(done);
		else done();
	});
}

const server = new SMTPServer({
	secure: options.tls === 'implicit',
	key: options.key ? readFileSync(options.key) : undefined,
	cert: options.cert ? readFileSync(options.cert) : undefined,
	disabledCommands: [
		...(options.tls === 'starttls' ? [] : ['STARTTLS']),
		...(options.user ? [] : ['AUTH']),
	],
	name: 'mail.test',
	disableReverseLookup: true,
	allowInsecureAuth: true,
	authOptional: !options.user,
	logger: false,
	closeTimeout: 1,
	onAuth(auth, session, done) {
		if (auth.username !== options.user || auth.password !== options.password)
			return done(new Error('Wrong name or password'));
		done(null, {user: auth.username});
	},
	onConnect(session, done) {
		connections++;
		session.fault = faults.shift();
		session.socket = sockets.get(session.remotePort);
		pass(session, 'greeting', done);
	},
	onMailFrom(address, session, done) {
		pass(session, 'mail', done);
	},
	onRcptTo(address, session, done) {
		pass(session, 'rcpt', done);
	},
	onData: on_data,
});

// The library hides the sockets of its sessions.
const sockets = new Map();
server.server.on('connection', (socket) => {
	sockets.set(socket.remotePort, socket);
	socket.on('close', () => sockets.delete(socket.remotePort));
	socket.on('error', () => {});
});
server.on('error', () => {});

const verbs = {
	faults: ({list}) => {
		faults = list;
		return {ok: true};
	},
	next: () => new Promise((resolve) => {
		waiting.push(resolve);
		hand_out();
	}),
	release: () => {
		const n = held.length;
		for (const done of held.splice(0)) done();
		return {released: n};
	},
	count: () => ({connections, mails: mails.length}),
};

server.listen(0, '127.0.0.1', () => say({port: server.server.address().port}));
createInterface({input: process.stdin})
	.on('line', async (line) => {
		const asked = JSON.parse(line);
		say(await verbs[asked.do](asked));
	})
	.on('close', () => process.exit(0));
