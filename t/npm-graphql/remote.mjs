// We as the remote schema of an engine: what it asks when it is told of us, and
// what gateways answer who have stitched us in.  One JSON object a line, each
// way.  What goes wrong is {"error": text}.
//
//   an endpoint: {"url", "headers": with each request}
//   {"do": "introspect", "endpoint"}
//        {"status", "faults": of references to types, "invalid": what
//        graphql-js has against it, "types", "query", "mutation": names}
//   {"do": "clash", "endpoints"}
//        {"fields": of the roots, "shared": types, "types": those that are
//        not the same}: names that are in more than one
//   {"do": "ask", "endpoints", "document", "variables", "headers"}
//        {"data", "errors": [messages], "codes"}: wrapped if there is one,
//        stitched if there are several
import {createInterface} from 'node:readline';
import {buildHTTPExecutor} from '@graphql-tools/executor-http';
import {stitchSchemas} from '@graphql-tools/stitch';
import {schemaFromExecutor, wrapSchema} from '@graphql-tools/wrap';
import {buildClientSchema, graphql, isIntrospectionType, isSpecifiedScalarType,
	lexicographicSortSchema, printType, validateSchema} from 'graphql';

// An engine describes itself as its administrator.
const AS_ADMIN = {'x-hasura-role': 'admin'};
const LEVELS = 7;

/* ---- what an engine asks ---- */

const reference = (levels) =>
	'kind name' + (levels ? ` ofType { ${reference(levels - 1)} }` : '');

// Of the specification of 2018: nothing of inputs that are deprecated.
const WHAT_ARE_YOU = `query IntrospectionQuery {
	__schema {
		queryType { name }
		mutationType { name }
		subscriptionType { name }
		types { ...Type }
		directives { name description locations args { ...Input } }
	}
}
fragment Type on __Type {
	kind name description
	fields(includeDeprecated: true) {
		name description args { ...Input } type { ...Ref }
		isDeprecated deprecationReason
	}
	inputFields { ...Input }
	interfaces { ...Ref }
	enumValues(includeDeprecated: true) {
		name description isDeprecated deprecationReason
	}
	possibleTypes { ...Ref }
}
fragment Input on __InputValue { name description type { ...Ref } defaultValue }
fragment Ref on __Type { ${reference(LEVELS)} }
`;

async function describe({url, headers}) {
	const answer = await fetch(url, {
		method: 'POST',
		headers: {'Content-Type': 'application/json',
			'User-Agent': 'hasura-graphql-engine/v2.48.1',
			...AS_ADMIN, ...headers},
		body: JSON.stringify({query: WHAT_ARE_YOU, variables: null,
			operationName: 'IntrospectionQuery'}),
	});
	return {status: answer.status, body: await answer.json()};
}

/* ---- what it makes of the answer ---- */

// A wrapper wraps, what has a name wraps nothing, and the end is in sight.
function* faultsOfReference(type, where, names) {
	let left = type;
	for (; left && ['NON_NULL', 'LIST'].includes(left.kind); left = left.ofType)
		if (left.name)
			yield `${where}: ${left.kind} has the name ${left.name}`;
	if (!left)
		yield `${where}: nothing is wrapped`;
	else if (!left.name || left.ofType)
		yield `${where}: ${left.kind} is no named type`;
	else if (!names.has(left.name))
		yield `${where}: there is no ${left.name}`;
}

function* faultsOf({types}) {
	const names = new Set(types.map((one) => one.name));
	if (names.size !== types.length)
		yield 'a type is there twice';
	for (const one of types) {
		if (one.kind === 'OBJECT' && !(one.fields?.length && one.interfaces))
			yield `${one.name}: an object without fields or interfaces`;
		if (one.kind === 'INPUT_OBJECT' && !one.inputFields?.length)
			yield `${one.name}: an input without fields`;
		if (one.kind === 'ENUM' && !one.enumValues?.length)
			yield `${one.name}: an enum without values`;
		for (const field of one.fields ?? []) {
			const where = `${one.name}.${field.name}`;
			yield* faultsOfReference(field.type, where, names);
			for (const arg of field.args)
				yield* faultsOfReference(arg.type, `${where}(${arg.name})`,
					names);
		}
		for (const input of one.inputFields ?? [])
			yield* faultsOfReference(input.type, `${one.name}.${input.name}`,
				names);
	}
}

async function introspected({endpoint}) {
	const {status, body} = await describe(endpoint);
	if (!body.data)
		return {status, errors: body.errors.map((one) => one.message)};
	const schema = buildClientSchema(body.data);
	const named = (type) => Object.keys(type?.getFields() ?? {});
	return {
		status,
		faults: [...faultsOf(body.data.__schema)],
		invalid: validateSchema(schema).map((one) => one.message),
		types: Object.keys(schema.getTypeMap()),
		query: named(schema.getQueryType()),
		mutation: named(schema.getMutationType()),
	};
}

/* ---- several ---- */

const twice = (lists) => [...new Set(lists.flat().filter(
	(one, i, all) => all.indexOf(one) !== i))];

async function clashes({endpoints}) {
	const schemas = await Promise.all(endpoints.map(async (one) =>
		lexicographicSortSchema(buildClientSchema(
			(await describe(one)).body.data))));
	const fields = schemas.map((schema) =>
		[schema.getQueryType(), schema.getMutationType()].flatMap((root) =>
			Object.keys(root?.getFields() ?? {})));
	const types = schemas.map((schema) => {
		const roots = [schema.getQueryType(), schema.getMutationType()];
		return new Map(Object.values(schema.getTypeMap())
			.filter((one) => !roots.includes(one) && !isIntrospectionType(one)
				&& !isSpecifiedScalarType(one))
			.map((one) => [one.name, printType(one)]));
	});
	const shared = twice(types.map((one) => [...one.keys()]));
	return {fields: twice(fields), shared, types: shared.filter((name) =>
		new Set(types.map((one) => one.get(name)).filter(Boolean)).size > 1)};
}

/* ---- a gateway ---- */

async function subschema({url, headers}) {
	const executor = buildHTTPExecutor({endpoint: url, headers: (asked) =>
		({...asked?.context?.headers, ...headers})});
	return {executor,
		schema: await schemaFromExecutor(executor, {headers: AS_ADMIN})};
}

async function passedOn({endpoints, document, variables, headers}) {
	const parts = await Promise.all(endpoints.map(subschema));
	const schema = parts.length === 1 ? wrapSchema(parts[0])
		: stitchSchemas({subschemas: parts});
	const {data, errors} = await graphql({schema, source: document,
		variableValues: variables, contextValue: {headers: headers ?? {}}});
	return {data, errors: errors?.map((one) => one.message),
		codes: errors?.map((one) => one.extensions?.code)};
}

/* ---- */

const commands = {introspect: introspected, clash: clashes, ask: passedOn};

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
