// A small engine: graphql-js over what `postern actions --codegen` prints.  A
// field of its schema is an action, which it calls as a Hasura engine does.
//
//   {"do": "read", "graphql", "yaml", "json"}
//        a list of what they are wrong about, or tell differently
//   {"do": "run", "url", "secret", "session", "query", "variables"}
//        {"data", "errors": [{"message", "extensions"}]}
//   {"do": "all", "url", "secret", "session"}
//        {action: {"status", "errors"}}: each called with some arguments, and
//        asked for all that its type has
import {createInterface} from 'node:readline';
import {GraphQLError, Kind,
	buildASTSchema, execute, getNamedType, isEnumType, isInputObjectType,
	isLeafType, isListType, isNonNullType, lexicographicSortSchema, parse,
	printSchema, specifiedScalarTypes, validate, validateSchema,
	visit} from 'graphql';
import YAML from 'yaml';

const DEPTH = 5;
let schema, handlers, statuses;

// What graphql-js would make fit is refused: an engine passes it on.
for (const scalar of specifiedScalarTypes) {
	const is = {
		Int: Number.isInteger,
		Float: (value) => typeof value === 'number',
		Boolean: (value) => typeof value === 'boolean',
	}[scalar.name] ?? ((value) => typeof value === 'string');

	scalar.serialize = (value) => {
		if (!is(value))
			throw new GraphQLError(`${JSON.stringify(value)} is no `
				+ scalar.name);
		return value;
	};
}

/* ---- reading ---- */

// An engine knows the types of its database; there has to be a query.
function build(text) {
	const document = parse(text);
	const known = new Set(specifiedScalarTypes.map((type) => type.name));
	const wanted = new Set();
	let query = false;

	visit(document, {
		enter(node) {
			if (node.kind.endsWith('TypeDefinition'))
				known.add(node.name.value);
			if (node.kind === Kind.NAMED_TYPE)
				wanted.add(node.name.value);
			query ||= node.kind === Kind.OBJECT_TYPE_DEFINITION
				&& node.name.value === 'Query';
		},
	});
	const more = [...wanted].filter((name) => !known.has(name))
		.map((name) => `scalar ${name}\n`).join('');
	return buildASTSchema(parse(text + more
		+ (query ? '' : '\ntype Query { nothing: Boolean }\n')));
}

// The types and actions of the request, as an engine would print them.
function fromRequest(args) {
	const said = (type) => args.filter((one) => one.type === type)
		.map((one) => one.args);
	const described = (one) => one.description ?? one.comment
		? JSON.stringify(one.description ?? one.comment) + '\n' : '';
	const field = (one) => described(one) + one.name
		+ (one.type ? `: ${one.type}` : '');
	const block = (word) => (type) => `${described(type)}${word} ${type.name} {`
		+ (type.fields?.map(field) ?? type.values.map((v) => v.value))
			.join('\n') + '}\n';
	const root = (name, type) => {
		const fields = said('create_action')
			.filter((one) => one.definition.type === type)
			.map(({name, comment, definition}) => described({comment}) + name
				+ (definition.arguments.length
					? `(${definition.arguments.map(field).join(', ')})` : '')
				+ `: ${definition.output_type}`);
		return fields.length ? `type ${name} {${fields.join('\n')}}\n` : '';
	};
	const [types] = said('set_custom_types');

	return root('Mutation', 'mutation') + root('Query', 'query')
		+ types.enums.map(block('enum')).join('')
		+ types.input_objects.map(block('input')).join('')
		+ types.objects.map(block('type')).join('');
}

// What the YAML has of actions, from the request.
function asYaml(args) {
	const names = (types) => types.map(({name}) => ({name}));
	const [{args: types}] = args;

	return {
		actions: args.filter((one) => one.type === 'create_action').map(
			({args: {name, comment, definition}}) => ({
				name,
				definition: {
					kind: definition.kind ?? '',
					handler: definition.handler,
					...definition.headers && {headers: definition.headers},
					...definition.forward_client_headers
						&& {forward_client_headers: true},
				},
				permissions: args.filter((one) =>
					one.type === 'create_action_permission'
					&& one.args.action === name)
					.map(({args: {role}}) => ({role})),
				...comment && {comment},
			})),
		custom_types: {
			enums: names(types.enums),
			input_objects: names(types.input_objects),
			objects: names(types.objects),
			scalars: names(types.scalars),
		},
	};
}

// The same text for the same things.
function canonical(value) {
	return JSON.stringify(value, (key, it) =>
		it && typeof it === 'object' && !Array.isArray(it)
			? Object.fromEntries(Object.entries(it).sort()) : it);
}

function read({graphql, yaml, json}) {
	const request = JSON.parse(json);
	const metadata = YAML.parse(yaml, {strict: true, uniqueKeys: true});
	const faults = [];
	const sorted = (it) => printSchema(lexicographicSortSchema(it));

	schema = build(graphql);
	faults.push(...validateSchema(schema).map((error) => error.message));
	if (request.type !== 'bulk' || request.args[0].type !== 'set_custom_types')
		faults.push('the types are not the first of all');
	if (sorted(schema) !== sorted(build(fromRequest(request.args))))
		faults.push('the types of the request are others');
	for (const action of metadata.actions)
		action.permissions ??= [];
	if (canonical(metadata) !== canonical(asYaml(request.args)))
		faults.push('the metadata of the request are others');
	handlers = Object.fromEntries(metadata.actions.map((action) =>
		[action.name, action.definition]));
	return faults;
}

/* ---- calling ---- */

async function call(name, input, {url, secret, session}) {
	const {handler, headers} = handlers[name];
	const answer = await fetch(handler.replace('{{POSTERN_URL}}', url), {
		method: 'POST',
		headers: {
			'Content-Type': 'application/json',
			...Object.fromEntries((headers ?? []).map((header) =>
				[header.name, secret])),
		},
		body: JSON.stringify({action: {name}, input, request_query: '',
			session_variables: session ?? {'x-hasura-role': 'anonymous'}}),
	});
	const body = JSON.parse(await answer.text());

	statuses[name] = answer.status;
	if (answer.ok)
		return body;
	throw new GraphQLError(String(body.message),
		{extensions: body.extensions});
}

async function run(asked) {
	const document = parse(asked.query);
	const wrong = validate(schema, document);

	statuses = {};
	if (wrong.length)
		return {errors: wrong.map((error) => ({message: error.message}))};
	const root = Object.fromEntries(Object.keys(handlers).map((name) =>
		[name, (input) => call(name, input, asked)]));
	const {data, errors} = await execute({schema, document, rootValue: root,
		variableValues: asked.variables});
	return {data, errors: errors?.map(({message, extensions}) =>
		({message, extensions})) ?? []};
}

/* ---- calling all ---- */

const SOME = {Int: 1, Float: 1.5, String: 'x', Boolean: true, bigint: 1,
	numeric: 1.5, uuid: '00000000-0000-4000-8000-000000000000',
	timestamptz: '2026-01-02T03:04:05Z', date: '2026-01-02',
	json: {a: [1]}, jsonb: {a: [1]}};

function some(type) {
	if (isNonNullType(type))
		return some(type.ofType);
	if (isListType(type))
		return [some(type.ofType)];
	if (isEnumType(type))
		return type.getValues()[0].name;
	if (isInputObjectType(type))
		return Object.fromEntries(Object.values(type.getFields())
			.map((field) => [field.name, some(field.type)]));
	return SOME[type.name] ?? null;
}

function everything(type, depth = 0) {
	const named = getNamedType(type);

	if (isLeafType(named))
		return '';
	return `{${Object.values(named.getFields())
		.filter((field) => isLeafType(getNamedType(field.type))
			|| depth < DEPTH)
		.map((field) => field.name + everything(field.type, depth + 1))
		.join(' ')}}`;
}

async function all(asked) {
	const told = {};

	for (const [kind, type] of [['mutation', schema.getMutationType()],
		['query', schema.getQueryType()]]) {
		const fields = type ? Object.values(type.getFields()) : [];

		for (const field of fields.filter(({name}) => handlers[name])) {
			const variables = Object.fromEntries(field.args.map((arg) =>
				[arg.name, some(arg.type)]));
			const list = (put) => field.args.length
				? `(${field.args.map(put).join(', ')})` : '';
			const {errors} = await run({...asked, variables, query: kind
				+ list(({name, type}) => `$${name}: ${type}`) + `{${field.name}`
				+ list(({name}) => `${name}: $${name}`)
				+ `${everything(field.type)}}`});
			told[field.name] = {status: statuses[field.name] ?? 0,
				errors: errors.map(({message}) => message)};
		}
	}
	return told;
}

for await (const line of createInterface({input: process.stdin})) {
	const asked = JSON.parse(line);
	const said = await {read, run, all}[asked.do](asked);
	process.stdout.write(JSON.stringify(said) + '\n');
}
