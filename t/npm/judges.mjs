// What others make of our tokens, passwords and OAuth, and what they make for
// us: one JSON object a line, each way.  What goes wrong is {"error": text}.
//
//   {"do": "verify", "with": "jose|jsonwebtoken", "token", "issuer",
//        "algorithm", and "secret" or "jwks": URL}    {"claims", "head"}
//   {"do": "sign", "with", "claims", "head", "key"}   {"token"}
//   {"do": "thumbprint", "jwk"}                       {"kid"}
//   {"do": "hash", "with": "argon2|hash-wasm", "password", "type": "id|i|d",
//        "m", "t", "p"}                               {"hash"}
//   {"do": "check", "with", "password", "hash"}       {"right"}
//   {"do": "discover", "issuer"}                      {"server"}
//   {"do": "exchange", "callback", "redirect", "verifier"}
//   {"do": "refresh", "token"}                        {"tokens"}
//   {"do": "fetch", "token", "url"}                   {"status", "body"}
//        these three after "discover"
import {createInterface} from 'node:readline';
import {createPublicKey, randomBytes} from 'node:crypto';
import argon2 from 'argon2';
import * as wasm from 'hash-wasm';
import * as jose from 'jose';
import jsonwebtoken from 'jsonwebtoken';
import * as oauth from 'oauth4webapi';

const bytes = (text) => new TextEncoder().encode(text);
const plain = {[oauth.allowInsecureRequests]: true};
const client = {client_id: 'a page'};
let server;

const verify = {
	async jose({token, issuer, algorithm, secret, jwks}) {
		const key = jwks ? jose.createRemoteJWKSet(new URL(jwks))
			: bytes(secret);
		const {payload, protectedHeader} = await jose.jwtVerify(token, key,
			{issuer, algorithms: [algorithm], typ: 'at+jwt',
				requiredClaims: ['sub', 'exp', 'iat']});
		return {claims: payload, head: protectedHeader};
	},

	async jsonwebtoken({token, issuer, algorithm, secret, jwks}) {
		let key = secret;
		if (jwks) {
			const {kid} = jsonwebtoken.decode(token, {complete: true}).header;
			const {keys} = await (await fetch(jwks)).json();
			const jwk = keys.find((one) => one.kid === kid);
			key = createPublicKey({key: jwk, format: 'jwk'});
		}
		const {payload, header} = jsonwebtoken.verify(token, key,
			{issuer, algorithms: [algorithm], complete: true});
		return {claims: payload, head: header};
	},
};

const sign = {
	async jose({claims, head, key}) {
		const secret = head.alg === 'HS256' ? bytes(key)
			: await jose.importPKCS8(key, head.alg);
		return new jose.SignJWT(claims).setProtectedHeader(head).sign(secret);
	},

	async jsonwebtoken({claims, head, key}) {
		return jsonwebtoken.sign(claims, key,
			{algorithm: head.alg, header: head, noTimestamp: true});
	},
};

const hash = {
	'argon2': ({password, type, m, t, p}) => argon2.hash(password, {
		type: argon2['argon2' + type], memoryCost: m, timeCost: t,
		parallelism: p}),
	'hash-wasm': ({password, type, m, t, p}) => wasm['argon2' + type]({
		password, salt: randomBytes(16), memorySize: m, iterations: t,
		parallelism: p, hashLength: 32, outputType: 'encoded'}),
};

const check = {
	'argon2': ({password, hash}) => argon2.verify(hash, password),
	'hash-wasm': ({password, hash}) => wasm.argon2Verify({password, hash}),
};

const does = {
	verify: (what) => verify[what.with](what),
	sign: async (what) => ({token: await sign[what.with](what)}),
	hash: async (what) => ({hash: await hash[what.with](what)}),
	check: async (what) => ({right: await check[what.with](what)}),
	thumbprint: async ({jwk}) => ({kid: await jose.calculateJwkThumbprint(jwk)}),

	async discover({issuer}) {
		const url = new URL(issuer);
		server = await oauth.processDiscoveryResponse(url,
			await oauth.discoveryRequest(url, {algorithm: 'oauth2', ...plain}));
		return {server};
	},

	async exchange({callback, redirect, verifier}) {
		const parameters = oauth.validateAuthResponse(server, client,
			new URL(callback), oauth.expectNoState);
		const response = await oauth.authorizationCodeGrantRequest(server,
			client, oauth.None(), parameters, redirect, verifier, plain);
		return {tokens: await oauth.processAuthorizationCodeResponse(server,
			client, response)};
	},

	async refresh({token}) {
		const response = await oauth.refreshTokenGrantRequest(server, client,
			oauth.None(), token, plain);
		return {tokens: await oauth.processRefreshTokenResponse(server, client,
			response)};
	},

	async fetch({token, url}) {
		const response = await oauth.protectedResourceRequest(token, 'GET',
			new URL(url), new Headers(), null, plain);
		return {status: response.status, body: await response.json()};
	},
};

// An error as oauth4webapi tells it: of the protocol, or a challenge.
function trouble(e) {
	return {
		error: String(e?.message ?? e),
		kind: e?.constructor?.name,
		code: e?.code,
		oauth: e?.error,
		description: e?.error_description,
		status: e?.status,
		challenges: Array.isArray(e?.cause) ? e.cause : undefined,
	};
}

for await (const line of createInterface({input: process.stdin})) {
	const what = JSON.parse(line);
	let answer;
	try {
		answer = await does[what.do](what);
	} catch (e) {
		answer = trouble(e);
	}
	process.stdout.write(JSON.stringify(answer) + '\n');
}
process.exit(0);
