// graphql-js as the oracle: what it makes of our schema, of documents, and of
// the same rows, held against what we make of them.  One JSON object a line,
// each way.
//
//   arguments: the URL
//   {"do": "rows", "rows", "types", "labels"}     see music.mjs
//   {"do": "schema"}   {"errors": of validateSchema, "same": printed, built
//                       and printed again, "missing": what music.mjs has more}
//   {"do": "valid|invalid|mutations|anything", "seed", "count"}
//        {"count", "accepted", "full": with rows in the answer, "ways": {how
//         they differ: how often}, "list": [{"text", "variables", "ours",
//         "theirs"}]}: where they do; some cut to what matters
import {Agent, request} from 'node:http';
import {createInterface} from 'node:readline';
import {GraphQLError, GraphQLID, buildClientSchema,
	buildSchema, execute, getIntrospectionQuery, getNamedType, parse,
	printSchema, specifiedRules, validate, validateSchema} from 'graphql';
import {Random, document, mutated, tokens} from './documents.mjs';
import {Music, TABLES, choice, relation, snake} from './music.mjs';

const url = new URL(process.argv[2]);
const agent = new Agent({keepAlive: true, maxSockets: 3});
const AT_ONCE = 3, SHOWN = 20, CUT = 6, CUTS = 400;
// An accident made a value that is well written and means nothing.
const UNFIT = new RegExp('^(?:Expected value of type "\\w+" for "\\w+"; |'
	+ '"(?:limit|offset)" must not be negative\\. |'
	+ 'Argument "\\w+" has invalid value )');
// What is valid, about tables of which the oracle has no rows.
const LOST = '{"data":"?"}';
const STRICT = 'application/graphql-response+json';

let schema, music;

/* ---- ours ---- */

function post(body) {
	const text = JSON.stringify(body);
	return new Promise((resolve, reject) => {
		const asked = request(url, {agent, method: 'POST', headers: {
			Accept: STRICT, 'Content-Type': 'application/json',
			'Content-Length': Buffer.byteLength(text),
		}}, (answer) => {
			const parts = [];
			answer.on('data', (part) => parts.push(part));
			answer.on('end', () => resolve({status: answer.statusCode,
				body: Buffer.concat(parts).toString()}));
			answer.on('error', reject);
		});
		asked.on('error', reject);
		asked.end(text);
	});
}

function said({message, locations, path}) {
	const at = (locations || []).map(({line, column}) => line + ':' + column)
		.sort().join(' ');
	return message.replace(/ Did you mean [^]*\?$/, '') + ' @' + at
		+ (path ? ' ' + path.join('.') : '');
}

/* An answer as a text that compares: what was wrong, or what came. */
function outcome({data, errors}) {
	const list = (errors || []).map(said).sort();
	return JSON.stringify(data === undefined ? {refused: list}
		: {data, errors: list});
}

async function ours({text, variables, operation}) {
	const {status, body} = await post({query: text, variables,
		operationName: operation});
	try {
		return outcome(JSON.parse(body));
	} catch {
		return JSON.stringify({status, body});
	}
}

/* ---- theirs ---- */

// Their validator leaves it to whoever runs a document.
function NoSubscriptions(context) {
	return {OperationDefinition(node) {
		if (node.operation === 'subscription')
			context.reportError(new GraphQLError(
				'Subscriptions are not supported.', {nodes: node}));
	}};
}

// Does a variable of type x fit where y is wanted?  Types as they are written.
function fits(x, y) {
	const less = (type) => type.replace(/!$/, '');
	if (x === y)
		return true;
	if (/^\[.*\]$/.test(x) && /^\[.*\]$/.test(y))
		return fits(x.slice(1, -1), y.slice(1, -1));
	return x.endsWith('!') && fits(less(x), less(y));
}

// What we allow on purpose: an Int where an ID is wanted, a strategy in quotes.
function allowed({message}, text) {
	if (/^Enum "UpdateStrategy" .* non-enum value: "(merge|replace)"/.test(message))
		return true;
	const [, name, x, y] = /^Variable "\$(\w+)" of type "(.*)" used in position expecting type "(.*)"\.$/
		.exec(message) || [];
	const id = x && x.replace('Int', 'ID');
	const given = new RegExp('\\$' + name + '\\s*:[^=$)]*=').test(text);
	return id && id !== x
		&& (fits(id, y) || given && fits(id, y.replace(/!$/, '')));
}

function theirs({text, variables, operation}) {
	let doc;
	try {
		doc = parse(text);
	} catch (error) {
		return outcome({errors: [error.toJSON()]});
	}
	const errors = validate(schema, doc, [...specifiedRules, NoSubscriptions])
		.filter((one) => !allowed(one, text));
	if (errors.length)
		return outcome({errors: errors.map((one) => one.toJSON())});
	const result = execute({schema, document: doc, variableValues: variables,
		operationName: operation, fieldResolver: music.resolve});
	return music.lost ? LOST : outcome(JSON.parse(JSON.stringify(result)));
}

/* ---- where they differ ---- */

// Both the kind of outcome and what it says.
function kind(x) {
	return x.startsWith('{"refused"') ? 'refused'
		: x.startsWith('{"data"') ? 'data' : 'broken';
}

async function judged(one) {
	return {...one, ours: await ours(one), theirs: theirs(one)};
}

/* The answer without the root fields that such values made null. */
function without(text, roots) {
	const {data, errors} = JSON.parse(text);
	for (const root of roots)
		if (data)
			delete data[root];
	return outcome({data, errors: errors.map((message) => ({message}))
		.filter(({message}) => !roots.includes(rootOf(message)))});
}

function rootOf(error) {
	return error.split(' ').at(-1).split('.')[0];
}

/* Is such a value all that they differ by? */
function unfit(x, y) {
	const {data, errors} = JSON.parse(x);
	const roots = errors.filter((one) => UNFIT.test(one)).map(rootOf);
	return roots.length && (data === null
		|| roots.every((root) => data[root] === null)
		&& without(x, roots) === without(y, roots));
}

// Our parser ends at a definition of a type, theirs goes on.
function differs({ours: x, theirs: y}) {
	if (kind(y) === 'data' && kind(x) === 'data' && (y === LOST || unfit(x, y)))
		return '';
	const early = / definition is not executable/.test(x)
		&& kind(y) === 'refused';
	return x === y || early ? '' : kind(x) + '/' + kind(y);
}

/* As few tokens as differ in the same way. */
async function cut(one) {
	const way = differs(one);
	let budget = CUTS;
	for (let size = 32; size >= 1; size = size >> 1) {
		for (let i = 0; ; i += size) {
			let list;
			try {
				list = tokens(one.text);
			} catch {
				return one;
			}
			if (i >= list.length || budget-- <= 0)
				break;
			const last = list[Math.min(i + size, list.length) - 1];
			const text = one.text.slice(0, list[i].start)
				+ one.text.slice(last.end);
			const less = await judged({...one, text});
			if (differs(less) === way) {
				one = less;
				i -= size;
			}
		}
	}
	return {...one, text: one.text.replace(/\s+/g, ' ')};
}

/* Do something with each of them, some at once. */
async function many(all, work) {
	let next = 0;
	await Promise.all(Array.from({length: AT_ONCE}, async () => {
		while (next < all.length)
			await work(all[next++]);
	}));
}

async function compared(make, count) {
	const all = Array.from({length: count}, make);
	const list = [];
	let accepted = 0, full = 0;
	await many(all, async (asked) => {
		const one = await judged(asked);
		accepted += kind(one.theirs) === 'data' ? 1 : 0;
		full += one.theirs.includes('[{') ? 1 : 0;
		if (differs(one))
			list.push(one);
	});
	const ways = new Map();
	for (const one of list)
		ways.set(differs(one), (ways.get(differs(one)) || 0) + 1);
	const shown = list.slice(0, SHOWN);
	for (let i = 0; i < CUT && i < shown.length; i++)
		shown[i] = await cut(shown[i]);
	return {count, accepted, full, ways: Object.fromEntries(ways), list: shown};
}

/* ---- which documents ---- */

const PREDICATE = /^WherePredicate/, MANY = /^(?:OrderBy|Where)/;

// Only what music.mjs knows and has an opinion on.
const known = {
	field(type, field) {
		const named = getNamedType(field.type).name;
		// Theirs describe the scalars that every schema has themselves.
		if (type.name.startsWith('__'))
			return type.name !== '__Type' || field.name !== 'description';
		if (type.name === 'QueryRoot')
			return field.name === 'hello' || /ByPk$/.test(field.name)
				? field.name === 'hello' || TABLES[named]
				: TABLES[named] && TABLES[named].list === field.name;
		const about = TABLES[type.name];
		return about && (about.columns.includes(field.name)
			|| TABLES[named] && relation(type.name, field.name));
	},

	input(type, field) {
		const name = type.name.replace(MANY, '');
		if (PREDICATE.test(type.name))
			return !/like/.test(field.name)
				|| type.name === 'WherePredicateString';
		if (!TABLES[name] || field.name.startsWith('_'))
			return true;
		const about = TABLES[name];
		return about.columns.includes(field.name)
			|| Boolean(relation(name, field.name));
	},

	// A value that some row has.
	value(random, about) {
		const {type, name, op} = about;
		if (about.arg && name !== 'pk' || !TABLES[type])
			return undefined;
		const column = about.arg ? op || TABLES[type].key[0] : name;
		if (op === '_is_null')
			return random.chance(.5);
		const all = music.all(type);
		const some = all.filter((row) => row[snake(column)] !== null);
		const row = about.arg ? all[about.which % all.length]
			: random.pick(some);
		const text = row[snake(column)];
		if (/like/.test(op || ''))
			return text.slice(random.below(3), 3 + random.below(4));
		return typed(schema.getType(type).getFields()[column].type, text);
	},
};

function typed(type, text) {
	const name = getNamedType(type).name;
	return name === 'Int' || name === 'Float' ? Number(text)
		: name === 'Boolean' ? text === 'true' : text;
}

/* All names that a document may have, and some that it may not. */
function words() {
	const list = ['nope', 'on', 'true', 'null', 'fragment', 'query', 'mutation',
		'F0', 'Ask', '__typename', '__schema', '__type', 'v0', 'v1'];
	for (const type of Object.values(schema.getTypeMap())) {
		list.push(type.name);
		for (const field of Object.values(type.getFields?.() || {}))
			list.push(field.name, ...field.args?.map((one) => one.name) || []);
		list.push(...type.getValues?.().map((one) => one.name) || []);
	}
	return list;
}

function accident(random, list) {
	const only = random.chance(.5) ? known : null;
	const made = document(random, schema, only, !only && random.chance(.5));
	const text = mutated(random, made.text, list);
	// What might change rows, or has none, is judged and not run.
	return !only || /mutation/.test(text)
		? {...made, text, operation: 'Nowhere'} : {...made, text};
}

/* ---- */

// What a scalar takes for a literal is not part of an introspection.  Ours
// leave it to their column, but for this one.
function literals() {
	const type = schema.getType('BigInt');
	for (const way of ['parseLiteral', 'parseValue'])
		type[way] = (value) => {
			try {
				return GraphQLID[way](value);
			} catch (error) {
				throw new GraphQLError(error.message.replace(/^ID/, 'BigInt'),
					{nodes: error.nodes});
			}
		};
}

function missing() {
	const list = [];
	for (const [name, about] of Object.entries(TABLES)) {
		const fields = schema.getType(name)?.getFields();
		for (const field of fields ? [...about.columns,
			...['one', 'many', 'single', 'via'].flatMap((way) =>
				Object.keys(about[way] || {}))] : ['(type)'])
			if (!fields?.[field])
				list.push(name + '.' + field);
		for (const root of [about.list, name + 'ByPk'])
			if (!schema.getQueryType().getFields()[root])
				list.push(root);
		for (const column of about.columns)
			for (const text of fields && music.labelsOf(name, column) || [])
				if (!getNamedType(fields[column].type).getValue?.(choice(text)))
					list.push(name + '.' + column + ': ' + text);
	}
	return list;
}

const commands = {
	async rows(all) {
		music = new Music(all);
		return {};
	},

	async schema() {
		const {body} = await post({query: getIntrospectionQuery({
			descriptions: true, specifiedByUrl: true,
			directiveIsRepeatable: true, schemaDescription: true,
			inputValueDeprecation: true, oneOf: true,
		})});
		const {data, errors} = JSON.parse(body);
		if (errors)
			return {errors: errors.map((one) => one.message)};
		schema = buildClientSchema(data);
		literals();
		const printed = printSchema(schema);
		return {errors: validateSchema(schema).map((one) => one.message),
			same: printSchema(buildSchema(printed)) === printed,
			missing: missing(), types: Object.keys(schema.getTypeMap()).length};
	},

	async valid({seed, count}) {
		const random = new Random(seed);
		return compared(() => document(random, schema, known), count);
	},

	async invalid({seed, count}) {
		const random = new Random(seed), list = words();
		return compared(() => accident(random, list), count);
	},

	// What is valid is answered or refused in words that name a place.
	async anything({seed, count}) {
		const random = new Random(seed), list = [], all = Array.from(
			{length: count}, () => document(random, schema, null));
		await many(all, async (one) => {
			const {status, body} = await post({query: one.text,
				variables: one.variables, operationName: one.operation});
			const {data, errors} = JSON.parse(body);
			if (status !== 200 || data === undefined
				|| errors?.some(({message, path}) => !path
					&& !message.startsWith('A value is none that')))
				list.push({...one, ours: status + ' ' + body, theirs: ''});
		});
		return {count, accepted: count, ways: list.length
			? {'no answer': list.length} : {}, list: list.slice(0, SHOWN)};
	},

	async mutations({seed, count}) {
		const random = new Random(seed);
		return compared(() => document(random, schema, null, true), count);
	},
};

for await (const line of createInterface({input: process.stdin})) {
	const asked = JSON.parse(line);
	let answer;
	try {
		answer = await commands[asked.do](asked);
	} catch (error) {
		answer = {error: String(error?.stack || error)};
	}
	process.stdout.write(JSON.stringify(answer) + '\n');
}
agent.destroy();
