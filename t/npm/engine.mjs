// What a Hasura engine makes of a token: signatures by jose, the rest by the
// engine's own rules, as they are documented.  One JSON object a line, each
// way; what an engine would refuse is {"error": text}.
//
//   {"do": "serve", "jwks": text}           {"url"} of a set of keys
//   {"do": "read", "config", "token", "url"?, "role"?}
//       {"role", "variables", "claims", "head"}: config is the engine's
//       HASURA_GRAPHQL_JWT_SECRET, whose "key" the set at "url" stands for,
//       role an X-Hasura-Role
//   {"do": "sign", "type", "key", "claims", "head"}     {"token"}
//   {"do": "pair", "type"}                  {"private", "public"}, in PEM
import {createServer} from 'node:http';
import {createInterface} from 'node:readline';
import * as jose from 'jose';

const NAMESPACE = 'https://hasura.io/jwt/claims';
const ALLOWED = 'x-hasura-allowed-roles';
const DEFAULT = 'x-hasura-default-role';

const bytes = (text) => new TextEncoder().encode(text);
const algorithm = (type) => type === 'Ed25519' ? 'EdDSA' : type;
const isText = (value) => typeof value === 'string';
const isObject = (value) => value !== null && typeof value === 'object' &&
	!Array.isArray(value);

function demand(right, text) {
	if (!right)
		throw new Error(text);
}

// --- The signature -----------------------------------------------------------

async function publicKey({type, key}) {
	if (type.startsWith('HS'))
		return bytes(key);
	return key.includes('BEGIN CERTIFICATE')
		? jose.importX509(key, algorithm(type))
		: jose.importSPKI(key, algorithm(type));
}

function verify(token, key, config) {
	const options = {clockTolerance: config.allowed_skew ?? 0,
		requiredClaims: ['exp', 'iat']};
	if (config.type)
		options.algorithms = [algorithm(config.type)];
	if (config.audience !== undefined)
		options.audience = config.audience;
	return jose.jwtVerify(token, key, options);
}

// --- The claims --------------------------------------------------------------

// A path of JSON names: $, $.a.b, $.a['b c'], $["a"][0].
function follow(value, path) {
	demand(path.startsWith('$'), `no path: ${path}`);
	const step = /\.([A-Za-z_][\w-]*)|\['([^']*)'\]|\["([^"]*)"\]|\[(\d+)\]/y;
	step.lastIndex = 1;
	while (step.lastIndex < path.length) {
		const found = step.exec(path);
		demand(found, `no path: ${path}`);
		const name = found[1] ?? found[2] ?? found[3] ?? found[4];
		const has = value !== null && typeof value === 'object' &&
			Object.hasOwn(value, name);
		value = has ? value[name] : undefined;
	}
	return value;
}

function mapped(map, claims) {
	return Object.fromEntries(Object.entries(map).map(([name, from]) => {
		if (!isObject(from))
			return [name, from];
		const value = follow(claims, from.path) ?? from.default;
		demand(value !== undefined, `nothing at ${from.path}`);
		return [name, value];
	}));
}

function found(config, claims) {
	if (config.claims_map)
		return mapped(config.claims_map, claims);
	let value = config.claims_namespace_path === undefined
		? claims[config.claims_namespace ?? NAMESPACE]
		: follow(claims, config.claims_namespace_path);
	if (config.claims_format === 'stringified_json') {
		demand(isText(value), 'the claims are no text');
		value = JSON.parse(value);
	}
	demand(isObject(value), 'there are no claims');
	return value;
}

function session(config, claims, wanted) {
	const all = {};
	for (const [name, value] of Object.entries(found(config, claims)))
		if (name.toLowerCase().startsWith('x-hasura-'))
			all[name.toLowerCase()] = value;
	const {[ALLOWED]: allowed, [DEFAULT]: first, ...variables} = all;
	demand(Array.isArray(allowed) && allowed.every(isText),
		`${ALLOWED} is no list of texts`);
	demand(isText(first), `${DEFAULT} is no text`);
	for (const [name, value] of Object.entries(variables))
		demand(isText(value), `${name} is no text`);
	const role = wanted ?? first;
	demand(allowed.includes(role), `${role} is not allowed`);
	return {role, allowed, variables};
}

async function read({config, token, url, role}) {
	const key = url ? jose.createRemoteJWKSet(new URL(url))
		: await publicKey(config);
	const {payload, protectedHeader} = await verify(token, key, config);
	demand(config.issuer === undefined || payload.iss === undefined ||
		payload.iss === config.issuer, 'it has another issuer');
	return {...session(config, payload, role), claims: payload,
		head: protectedHeader};
}

// --- What tests need besides -------------------------------------------------

async function sign({type, key, claims, head}) {
	const alg = head.alg ?? algorithm(type);
	const secret = type.startsWith('HS') ? bytes(key)
		: await jose.importPKCS8(key, alg);
	return {token: await new jose.SignJWT(claims)
		.setProtectedHeader({...head, alg}).sign(secret)};
}

async function pair({type}) {
	const {privateKey, publicKey} = await jose.generateKeyPair(algorithm(type),
		{extractable: true});
	return {private: await jose.exportPKCS8(privateKey),
		public: await jose.exportSPKI(publicKey)};
}

let published = '{"keys":[]}';
let server;

async function serve({jwks}) {
	published = jwks;
	if (!server) {
		server = createServer((request, response) => {
			response.setHeader('Content-Type', 'application/jwk-set+json');
			response.end(published);
		});
		await new Promise((done) => server.listen(0, '127.0.0.1', done));
	}
	return {url: `http://127.0.0.1:${server.address().port}/jwks.json`};
}

const does = {serve, read, sign, pair};

for await (const line of createInterface({input: process.stdin})) {
	const what = JSON.parse(line);
	let answer;
	try {
		answer = await does[what.do](what);
	} catch (e) {
		answer = {error: String(e?.message ?? e)};
	}
	process.stdout.write(JSON.stringify(answer) + '\n');
}
process.exit(0);
