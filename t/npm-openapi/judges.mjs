// What programs of the JavaScript world make of /openapi.json: one JSON object
// a line, each way.  What goes wrong is {"error": text}.
//
//   {"do": "redocly", "document"}   {"problems": ["rule: message", ...]}
//   {"do": "parser", "document"}    {"problems"}: of swagger-parser
//   {"do": "client", "document", "program", "url"}
//        {"types": the TypeScript that openapi-typescript makes,
//         "faults": of compiling it together with the program, strictly,
//         "result": what the program's function says, given the URL}
//   {"do": "prism", "document", "pairs": [{method, target, headers, status,
//        answered, body}]}
//        {"faults": of what was answered, "judged": how many, "unknown":
//         [the others]}
import {execFile} from 'node:child_process';
import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import {createInterface} from 'node:readline';
import {fileURLToPath} from 'node:url';
import prismHttp from '@stoplight/prism-http';
import TE from 'fp-ts/lib/TaskEither.js';
import SwaggerParser from '@apidevtools/swagger-parser';
import openapiTS, {astToString} from 'openapi-typescript';
import ts from 'typescript';

const home = fileURLToPath(new URL('.', import.meta.url));

async function inFolder(work) {
	const folder = await mkdtemp(home + 'work-');
	try {
		return await work(folder);
	} finally {
		await rm(folder, {recursive: true});
	}
}

/* ---- is it a description? ---- */

function run(program, args) {
	return new Promise((resolve) => execFile(program, args,
		{maxBuffer: 1 << 26}, (error, stdout, stderr) =>
			resolve({stdout, stderr})));
}

// Whatever is as much as a warning.
async function byRedocly({document}) {
	return inFolder(async (folder) => {
		const file = folder + '/openapi.json';
		await writeFile(file, JSON.stringify(document));
		const said = await run(home + 'node_modules/.bin/redocly',
			['lint', '--extends=recommended', '--format=json', file]);
		const {problems} = JSON.parse(said.stdout);
		return {problems: problems.map((one) => `${one.ruleId}: `
			+ `${one.message} ${one.location[0]?.pointer}`)};
	});
}

async function byParser({document}) {
	try {
		await SwaggerParser.validate(document);
		return {problems: []};
	} catch (error) {
		return {problems: [String(error)]};
	}
}

/* ---- a client ---- */

function compiled(folder) {
	const program = ts.createProgram([folder + '/program.ts'], {
		strict: true, target: ts.ScriptTarget.ES2022, outDir: folder,
		rootDir: folder, module: ts.ModuleKind.NodeNext, skipLibCheck: true,
		moduleResolution: ts.ModuleResolutionKind.NodeNext, types: [],
		noEmitOnError: true,
	});
	const {diagnostics} = program.emit();
	return [...ts.getPreEmitDiagnostics(program), ...diagnostics].map((one) =>
		ts.flattenDiagnosticMessageText(one.messageText, ' '));
}

async function typed({document, program, url}) {
	return inFolder(async (folder) => {
		const types = astToString(await openapiTS(document));
		await writeFile(folder + '/types.ts', types);
		await writeFile(folder + '/program.ts', program);
		const faults = compiled(folder);
		const result = faults.length || !url ? undefined
			: await (await import(folder + '/program.js')).default(url);
		return {types, faults, result};
	});
}

/* ---- answers: Prism as a proxy, before a server that answers as it did ---- */

const quiet = {child: () => quiet, info() {}, debug() {}, trace() {},
	warn() {}, error() {}, success() {}};

function requestOf({method, target, headers, type}) {
	const url = new URL(target, 'http://localhost');
	return {method: method.toLowerCase(),
		url: {path: url.pathname, query: Object.fromEntries(url.searchParams)},
		headers: {...headers, 'content-type': type}};
}

// Postgres has dates that RFC 3339 has no words for.
function bodyOf({answered, body}) {
	if (!/json/.test(answered['content-type'] ?? '') || !body)
		return body || undefined;
	return JSON.parse(body.replace(/ BC"/g, '"')
		.replace(/"\d(\d{4}-\d\d-\d\d)/g, '"$1')
		.replace(/"-?infinity"/g, 'null'));
}

// Prism takes application/x+json for application/json: call it something else.
function plain(text) {
	return text?.replace(/application\/([\w.-]+)\+json/g, 'application/$1');
}

async function judged(operations, pair) {
	const answer = {statusCode: pair.status, body: bodyOf(pair),
		headers: {...pair.answered,
			'content-type': plain(pair.answered['content-type'])}};
	const prism = prismHttp.createInstance({
		isProxy: true, upstream: new URL('http://localhost'), errors: false,
		checkSecurity: false, validateRequest: false, validateResponse: true,
		mock: false,
	}, {logger: quiet, forward: () => () => TE.right(answer)});
	const result = await prism.request(requestOf(pair), operations)();
	if (result._tag === 'Left')
		return null;
	return result.right.validations.output.map((one) =>
		`${pair.method} ${pair.target} ${pair.status}: `
		+ `${one.path?.join('/')} ${one.message}: ${pair.body.slice(0, 300)}`);
}

async function byPrism({document, pairs}) {
	const operations =
		await prismHttp.getHttpOperationsFromSpec(
			JSON.parse(plain(JSON.stringify(document))));
	const all = await Promise.all(pairs.map((one) => judged(operations, one)));
	return {
		faults: all.flat().filter((one) => one),
		judged: all.filter((one) => one).length,
		unknown: pairs.filter((one, i) => !all[i]).map((one) =>
			`${one.method} ${one.target} ${one.status}`),
	};
}

const commands = {prism: byPrism, redocly: byRedocly, parser: byParser, client: typed};

for await (const line of createInterface({input: process.stdin})) {
	const asked = JSON.parse(line);
	let said;
	try {
		said = await commands[asked.do](asked);
	} catch (error) {
		said = {error: String(error?.stack || error)};
	}
	process.stdout.write(JSON.stringify(said) + '\n');
}
