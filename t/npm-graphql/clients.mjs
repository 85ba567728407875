// What programs of the JavaScript world make of our GraphQL: one JSON object
// a line, each way.  What goes wrong is {"error": text}.
//
//   arguments: the URL
//   {"do": "apollo|urql|request", "what": "query|mutate", "document",
//        "variables", "headers", "get"}      {"data", "errors": [messages]}
//   {"do": "cached", "document"}    Apollo's, from its cache alone
//   {"do": "persisted", "document"} Apollo, by hash: {"data", "sent": [...]}
//   {"do": "codegen", "documents", "program"}
//        {"types": the TypeScript that is made, "faults": of compiling it
//        together with the program}
//   {"do": "wrap", "document", "variables", "headers", "transform"}
//        {"data", "errors"}: by a gateway that has introspected us
import {createHash} from 'node:crypto';
import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import {createInterface} from 'node:readline';
import {ApolloClient, ApolloLink, CombinedGraphQLErrors, HttpLink,
	InMemoryCache, gql} from '@apollo/client/core';
import {PersistedQueryLink} from '@apollo/client/link/persisted-queries';
import {cacheExchange, createClient, fetchExchange} from '@urql/core';
import {generate} from '@graphql-codegen/cli';
import {buildHTTPExecutor} from '@graphql-tools/executor-http';
import {RenameTypes, schemaFromExecutor, wrapSchema} from '@graphql-tools/wrap';
import {ClientError, GraphQLClient} from 'graphql-request';
import {graphql, parse} from 'graphql';
import ts from 'typescript';

const url = process.argv[2];

/* ---- Apollo ---- */

let headers = {};
const cache = new InMemoryCache();
const apollo = new ApolloClient({
	cache,
	link: new HttpLink({uri: url, fetch: (to, options) => fetch(to,
		{...options, headers: {...options.headers, ...headers}})}),
});

async function byApollo(asked) {
	const {what, document, variables, get} = asked;
	const context = {fetchOptions: get ? {method: 'GET'} : {}};
	headers = asked.headers || {};
	try {
		const {data} = what === 'mutate'
			? await apollo.mutate({mutation: gql(document), variables, context})
			: await apollo.query({query: gql(document), variables, context,
				fetchPolicy: 'network-only'});
		return {data};
	} catch (error) {
		if (CombinedGraphQLErrors.is(error))
			return {data: error.data,
				errors: error.errors.map((one) => one.message)};
		throw error;
	}
}

/* ---- urql ---- */

async function byUrql({what, document, variables, headers, get}) {
	const client = createClient({url, preferGetMethod: get ? 'force' : false,
		exchanges: [cacheExchange, fetchExchange],
		fetchOptions: {headers: headers || {}}});
	const {data, error} = what === 'mutate'
		? await client.mutation(document, variables).toPromise()
		: await client.query(document, variables).toPromise();
	if (error?.networkError)
		throw error.networkError;
	return {data, errors: error?.graphQLErrors.map((one) => one.message)};
}

/* ---- graphql-request ---- */

async function byRequest({document, variables, headers, get}) {
	const client = new GraphQLClient(url, {headers: headers || {},
		method: get ? 'GET' : 'POST'});
	try {
		return {data: await client.request(document, variables)};
	} catch (error) {
		if (!(error instanceof ClientError) || !error.response.errors)
			throw error;
		return {data: error.response.data,
			errors: error.response.errors.map((one) => one.message)};
	}
}

/* ---- graphql-codegen ---- */

function compiled(folder, files) {
	const program = ts.createProgram(files, {
		strict: true, noEmit: true, target: ts.ScriptTarget.ES2022,
		module: ts.ModuleKind.NodeNext,
		moduleResolution: ts.ModuleResolutionKind.NodeNext, types: [],
	});
	return ts.getPreEmitDiagnostics(program).map((one) =>
		ts.flattenDiagnosticMessageText(one.messageText, ' '));
}

async function typed({documents, program}) {
	const folder = await mkdtemp(import.meta.dirname
		? import.meta.dirname + '/types-'
		: new URL('types-', import.meta.url).pathname);
	try {
		const [made] = await generate({
			schema: url, silent: true, errorsOnly: true, cwd: folder,
			documents,
			generates: {'types.ts':
				{plugins: ['typescript', 'typescript-operations']}},
		}, false);
		await writeFile(folder + '/types.ts', made.content);
		await writeFile(folder + '/program.ts', program);
		return {types: made.content,
			faults: compiled(folder, [folder + '/program.ts'])};
	} finally {
		await rm(folder, {recursive: true});
	}
}

/* ---- a gateway ---- */

async function byGateway({document, variables, headers, transform}) {
	const executor = buildHTTPExecutor({endpoint: url,
		headers: () => headers || {}});
	const schema = wrapSchema({
		schema: await schemaFromExecutor(executor), executor,
		transforms: transform
			? [new RenameTypes((name) => transform + name)] : [],
	});
	const {data, errors} = await graphql({schema, source: document,
		variableValues: variables});
	return {data, errors: errors?.map((one) => one.message)};
}

/* ---- */

const commands = {
	apollo: byApollo,
	urql: byUrql,
	request: byRequest,
	codegen: typed,
	wrap: byGateway,

	async cached({document}) {
		const {data} = await apollo.query({query: gql(document),
			fetchPolicy: 'cache-only'});
		return {data};
	},

	async persisted({document}) {
		const sent = [];
		const client = new ApolloClient({
			cache: new InMemoryCache(),
			link: ApolloLink.from([
				new PersistedQueryLink({useGETForHashedQueries: true,
					sha256: (text) => createHash('sha256').update(text)
						.digest('hex')}),
				new HttpLink({uri: url, fetch: (to, options) => {
					sent.push(options.method + ' '
						+ /[?&]query=|"query":/.test(to + options.body));
					return fetch(to, options);
				}}),
			]),
		});
		const {data} = await client.query({query: gql(document)});
		return {data, sent};
	},
};

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
