// What JSON:API clients make of us: one JSON object a line, each way.  What
// goes wrong is {"error": text, "status", "errors": what the client made of
// the document}.
//
//   arguments: the URL of the API
//   {"do": "kitsu", "call": name, "arguments": [...]}
//   {"do": "devour", "chain": [[name, argument, ...], ...]}
//   {"do": "jsona", "method", "path", "stuff", "names"}
//        the stuff is serialised with the relationships of these names and
//        sent; the answer is deserialised
//        each: {"said": what came back, as the client's own objects}
//   {"do": "validate", "document"}  {"faults": [texts]}: of version 1.0
import {createInterface} from 'node:readline';
import Devour from 'devour-client';
import {Jsona} from 'jsona';
import validator from 'jsonapi-validator';
import Kitsu from 'kitsu';

const url = process.argv[2];

// Objects that refer to each other, without the second time round.
function plain(value, above = []) {
	if (value === null || typeof value !== 'object')
		return value;
	if (above.includes(value))
		return {type: value.type, id: value.id};
	const path = [...above, value];
	if (Array.isArray(value))
		return value.map((one) => plain(one, path));
	return Object.fromEntries(Object.keys(value)
		.filter((key) => typeof value[key] !== 'function')
		.map((key) => [key, plain(value[key], path)]));
}

/* ---- Kitsu: a path is a type ---- */

const kitsu = new Kitsu({baseURL: url, pluralize: false, resourceCase: 'none',
	camelCaseTypes: false});

async function byKitsu(asked) {
	const said = await kitsu[asked.call](...asked.arguments);
	if (said && said.headers)
		delete said.headers;
	return {said: plain(said)};
}

/* ---- Devour: models are declared ---- */

const devour = new Devour({apiUrl: url, logger: false,
	errorBuilder: (error) => error});
const many = (type) => ({jsonApi: 'hasMany', type});
const one = (type) => ({jsonApi: 'hasOne', type});
devour.define('person', {name: '', age: '', email: '', posts: many('post'),
	computers: many('computer'), groups: many('group'), bio: one('bio')},
	{collectionPath: 'people', type: 'person'});
devour.define('bio', {text: '', person: one('person')}, {type: 'bio'});
devour.define('computer', {name: '', person: one('person')},
	{type: 'computer'});
devour.define('group', {name: '', people: many('person')}, {type: 'group'});
devour.define('post', {title: '', body: '', author: one('person'),
	comments: many('comment')}, {type: 'post'});
devour.define('comment', {text: '', post: one('post'), author: one('person'),
	parent: one('comment')}, {type: 'comment'});

async function byDevour({chain}) {
	let at = devour;
	for (const [name, ...rest] of chain)
		at = at[name](...rest);
	const {data, meta, links, errors} = await at;
	return {said: plain({data, meta, links, errors})};
}

/* ---- Jsona: documents alone, sent by fetch ---- */

const jsona = new Jsona();

async function byJsona({method, path, stuff, names}) {
	const type = 'application/vnd.api+json';
	const options = {method, headers: {Accept: type}};
	if (stuff) {
		options.headers['Content-Type'] = type;
		options.body = JSON.stringify(jsona.serialize(
			{stuff, includeNames: names}));
	}
	const answer = await fetch(url + path, options);
	const text = await answer.text();
	if (!answer.ok)
		return {error: text, status: answer.status,
			errors: JSON.parse(text).errors};
	return {said: text ? plain(jsona.deserialize(text)) : null,
		status: answer.status};
}

/* ---- The schema ---- */

const schema = new validator.Validator();

function judged({document}) {
	try {
		schema.validate(document);
		return {faults: []};
	} catch (error) {
		if (!error.errors)
			throw error;
		return {faults: error.errors.map((one) =>
			`${one.dataPath} ${one.message}`)};
	}
}

const commands = {kitsu: byKitsu, devour: byDevour, jsona: byJsona,
	validate: judged};

for await (const line of createInterface({input: process.stdin})) {
	const asked = JSON.parse(line);
	let said;
	try {
		said = await commands[asked.do](asked);
	} catch (error) {
		said = {error: String(error?.stack || JSON.stringify(error)),
			status: error?.response?.status,
			errors: error?.errors || (error instanceof Error ? null : error)};
	}
	process.stdout.write(JSON.stringify(said) + '\n');
}
