/*
 * The page about the API: reads openapi.json, shows each operation under its
 * table, and sends requests that are filled in.  Text from the description
 * or from an answer gets into the page as text only, never as markup.
 *
 * The upper half knows nothing of a page and is tested without one.
 */
'use strict';

const METHODS = ['get', 'post', 'put', 'patch', 'delete', 'head'];
const SHOWN_MAX = 200000; // characters of an answer

/* ---- the description ---- */

function decoded(text) {
	try {
		return decodeURIComponent(text);
	} catch {
		return text;
	}
}

/* Follow "#/a/b" as far as it leads; nothing unknown is an error. */
function resolve(root, node) {
	for (let hops = 0; node && node.$ref && hops < 16; hops++) {
		const steps = String(node.$ref).replace(/^#\//, '').split('/');
		node = steps.reduce((at, step) => {
			const name = decoded(step)
				.replace(/~1/g, '/').replace(/~0/g, '~');
			return at && Object.hasOwn(at, name) ? at[name] : undefined;
		}, root);
	}
	return node || {};
}

/* [{name, operations: [{id, method, path, item, about}]}] by first tag. */
function groupsOf(root) {
	const groups = new Map();
	for (const [path, item] of Object.entries(root.paths || {})) {
		for (const method of METHODS) {
			const about = item[method];
			if (!about)
				continue;
			const name = (about.tags || ['other'])[0];
			if (!groups.has(name))
				groups.set(name, []);
			groups.get(name).push({
				id: about.operationId || method + ' ' + path,
				anchor: encodeURIComponent(
					about.operationId || method + path),
				method, path, about, item,
			});
		}
	}
	return [...groups].map(([name, operations]) => ({name, operations}));
}

function parametersOf(root, operation) {
	const all = [...(operation.item.parameters || []),
		...(operation.about.parameters || [])];
	return all.map((one) => resolve(root, one));
}

/* The schema of a request's or an answer's JSON, if it has one. */
function contentOf(root, node) {
	const content = resolve(root, node).content || {};
	const type = Object.keys(content).find((name) => /json/.test(name));
	return type && content[type].schema;
}

function alternatives(root, schema) {
	return (schema.oneOf || schema.anyOf || [])
		.map((one) => resolve(root, one));
}

function isNull(schema) {
	return schema.type === 'null';
}

function mayBeNull(root, schema) {
	schema = resolve(root, schema);
	return isNull(schema) || alternatives(root, schema).some(isNull);
}

/* ---- a schema in words ---- */

function limitsOf(schema) {
	const words = [];
	if (schema.maxLength !== undefined)
		words.push('at most ' + schema.maxLength + ' characters');
	if (schema.minimum !== undefined && schema.maximum !== undefined)
		words.push(schema.minimum + ' to ' + schema.maximum);
	return words.length ? ' (' + words.join(', ') + ')' : '';
}

function describeObject(root, schema, indent) {
	const inner = indent + '    ';
	const lines = Object.entries(schema.properties || {})
		.map(([name, member]) => {
			const required = (schema.required || []).includes(name);
			return inner + JSON.stringify(name) + ': '
				+ describe(root, member, inner)
				+ (required ? ', required' : '');
		});
	return lines.length ? '{\n' + lines.join('\n') + '\n' + indent + '}' : '{}';
}

/* A schema as people write types. */
function describe(root, schema, indent = '') {
	schema = resolve(root, schema);
	const choice = alternatives(root, schema);
	if (indent.length > 32)
		return '…';
	if (choice.length)
		return choice.map((one) => describe(root, one, indent)).join(' or ');
	if (schema.enum)
		return schema.enum.map((one) => JSON.stringify(one)).join(' or ');
	if (schema.properties)
		return describeObject(root, schema, indent);
	if (schema.type === 'array')
		return 'list' + (schema.items
			? ' of ' + describe(root, schema.items, indent) : '');
	return (schema.format || schema.type || 'any JSON') + limitsOf(schema);
}

/* ---- a schema as an example ---- */

const SAMPLES = {
	uuid: '00000000-0000-0000-0000-000000000000',
	date: '2030-01-31',
	'date-time': '2030-01-31T18:00:00+00:00',
	string: 'string',
	boolean: false,
	null: null,
};

function sampleNumber(schema) {
	return Math.min(Math.max(0, schema.minimum ?? 0), schema.maximum ?? 0);
}

function sampleObject(root, schema, depth) {
	const sample = {};
	for (const [name, member] of Object.entries(schema.properties)) {
		const required = (schema.required || []).includes(name);
		sample[name] = !required && mayBeNull(root, member)
			? null : example(root, member, depth + 1);
	}
	return sample;
}

/* A value to begin with. */
function example(root, schema, depth = 0) {
	schema = resolve(root, schema);
	const choice = alternatives(root, schema);
	if (choice.length && depth < 16)
		return example(root,
			choice.find((one) => !isNull(one)) || choice[0], depth + 1);
	if (schema.enum)
		return schema.enum[0];
	if (schema.properties && depth < 16)
		return sampleObject(root, schema, depth);
	if (schema.type === 'array')
		return [];
	if (schema.type === 'integer' || schema.type === 'number')
		return sampleNumber(schema);
	const sample = SAMPLES[schema.format] ?? SAMPLES[schema.type];
	if (typeof sample === 'string' && schema.maxLength)
		return sample.slice(0, schema.maxLength);
	return sample === undefined ? {} : sample;
}

/* ---- requests and answers ---- */

/*
 * What the fields say as {method, path, headers, body}; an empty field that
 * is not required is left out.
 */
function requestOf(operation, fields, body) {
	const query = new URLSearchParams();
	const headers = {};
	let path = operation.path;
	for (const {name, place, required, value} of fields) {
		if (value === '' && !required)
			continue;
		if (place === 'path')
			path = path.replace('{' + name + '}',
				encodeURIComponent(value).replace(/%2C/g, ','));
		else if (place === 'header')
			headers[name] = value;
		else
			query.append(name, value);
	}
	if (body !== null)
		headers['Content-Type'] = 'application/json';
	return {
		method: operation.method.toUpperCase(),
		path: path + (query.size === 0 ? '' : '?' + query),
		headers, body,
	};
}

function shellQuote(text) {
	return "'" + text.replace(/'/g, "'\\''") + "'";
}

/* The same request for a terminal. */
function curlOf(request, url) {
	const words = ['curl', '-i'];
	if (request.method === 'HEAD')
		words[1] = '-I';
	else if (request.method !== 'GET')
		words.push('-X', request.method);
	for (const [name, value] of Object.entries(request.headers))
		words.push('-H', shellQuote(name + ': ' + value));
	if (request.body !== null)
		words.push('--data-binary', shellQuote(request.body));
	return [...words, shellQuote(url)].join(' ');
}

/* JSON in lines.  By its letters: parsed, long numbers would lose digits. */
function pretty(text) {
	const tokens = text.match(/"(?:[^"\\]|\\.)*"|[^\s"[\]{},:]+|[[\]{},:]/g);
	const pad = (depth) => '\n' + '  '.repeat(depth);
	let out = '', depth = 0, before = '';
	for (const token of tokens || []) {
		if (/^[\]}]$/.test(token)) {
			depth--;
			out += /^[[{]$/.test(before) ? token : pad(depth) + token;
		} else {
			out += /^[[{,]$/.test(before) ? pad(depth) : '';
			out += token === ':' ? ': ' : token;
			depth += /^[[{]$/.test(token) ? 1 : 0;
		}
		before = token;
	}
	return out;
}

function bodyText(type, text) {
	if (text === '')
		return '(empty)';
	if (text.length > SHOWN_MAX)
		return text.slice(0, SHOWN_MAX) + '\n… and '
			+ (text.length - SHOWN_MAX) + ' more characters';
	return /\bjson\b/.test(type || '') ? pretty(text) : text;
}

/* ---- the page ---- */

/* An element with attributes and children; a string becomes text. */
function make(tag, attributes = {}, ...children) {
	const element = document.createElement(tag);
	for (const [name, value] of Object.entries(attributes)) {
		if (value === true)
			element.setAttribute(name, '');
		else if (value !== false && value !== undefined)
			element.setAttribute(name, value);
	}
	element.append(...children);
	return element;
}

/* A scrollable block of text that the keyboard reaches, with a title. */
function block(title, text) {
	return make('div', {class: 'block'}, make('h4', {}, title),
		make('pre', {tabindex: '0', 'aria-label': title}, text));
}

function field(root, operation, parameter, index) {
	const id = operation.anchor + '-' + index;
	const required = Boolean(parameter.required);
	const label = make('label', {for: id}, make('code', {}, parameter.name),
		required ? ' (required)' : '');
	const input = make('input', {
		id, required, name: parameter.name, autocomplete: 'off',
		spellcheck: 'false', 'aria-describedby': id + '-about',
	});
	const about = make('small', {id: id + '-about'},
		(parameter.in || 'query') + ': '
		+ describe(root, parameter.schema || {}),
		parameter.description ? '. ' + parameter.description : '');
	return {
		row: make('div', {class: 'field'}, label, input, about),
		read: () => ({
			name: parameter.name, place: parameter.in, required,
			value: input.value,
		}),
	};
}

function bodyField(root, operation, schema) {
	const id = operation.anchor + '-body';
	const text = JSON.stringify(example(root, schema), null, 2);
	const area = make('textarea', {
		id, name: 'body', spellcheck: 'false', autocomplete: 'off',
		rows: String(Math.min(20, text.split('\n').length + 1)),
	});
	area.value = text;
	return {
		row: make('div', {class: 'field'},
			make('label', {for: id}, 'Body (JSON)'), area),
		read: () => area.value,
	};
}

function answerBlocks(response, text, milliseconds) {
	const headers = [...response.headers]
		.map(([name, value]) => name + ': ' + value).join('\n');
	const good = response.ok ? 'good' : 'bad';
	return [
		make('p', {class: 'status ' + good},
			make('strong', {}, response.status + ' ' + response.statusText),
			' in ' + Math.round(milliseconds) + ' ms'),
		block('Headers', headers),
		block('Body', bodyText(response.headers.get('content-type'), text)),
	];
}

/* Send it, and show what comes, be it a failure. */
async function execute(request, output, button) {
	const url = new URL('.' + request.path, document.baseURI).href;
	const asked = block('Request', curlOf(request, url));
	const start = performance.now();
	button.disabled = true;
	output.replaceChildren(asked, make('p', {}, 'Waiting for the answer …'));
	try {
		const response = await fetch(url, {
			method: request.method, headers: request.headers,
			body: request.body ?? undefined, cache: 'no-store',
		});
		const text = await response.text();
		output.replaceChildren(asked,
			...answerBlocks(response, text, performance.now() - start));
	} catch (error) {
		output.replaceChildren(asked, make('p', {class: 'status bad'},
			'There was no answer: ' + error.message));
	}
	button.disabled = false;
}

function tryOut(root, operation) {
	const schema = contentOf(root, operation.about.requestBody || {});
	const fields = parametersOf(root, operation)
		.map((one, i) => field(root, operation, one, i));
	const body = schema ? bodyField(root, operation, schema) : null;
	const button = make('button', {type: 'submit'}, 'Execute');
	const output = make('div', {class: 'answer', 'aria-live': 'polite'});
	const form = make('form', {'aria-label': 'Try ' + operation.id},
		make('h3', {}, 'Try it'), ...fields.map((one) => one.row),
		...(body ? [body.row] : []), button, output);
	form.addEventListener('submit', (event) => {
		event.preventDefault();
		execute(requestOf(operation, fields.map((one) => one.read()),
			body ? body.read() : null), output, button);
	});
	return form;
}

function answersOf(root, operation) {
	return Object.entries(operation.about.responses || {})
		.map(([status, answer]) => {
			const schema = contentOf(root, answer);
			const title = status + ' '
				+ (resolve(root, answer).description || '');
			return schema ? block(title, describe(root, schema))
				: make('h4', {}, title);
		});
}

/* The inside of an operation, made when it is opened for the first time. */
function details(root, operation) {
	const about = operation.about;
	const words = [about.summary, about.description].filter(Boolean)
		.map((text) => make('p', {}, text));
	const schema = contentOf(root, about.requestBody || {});
	return make('div', {class: 'inside'}, ...words,
		...(schema ? [make('h3', {}, 'Body'),
			block('JSON', describe(root, schema))] : []),
		make('h3', {}, 'Answers'), ...answersOf(root, operation),
		tryOut(root, operation));
}

function operationElement(root, operation) {
	const element = make('details', {id: operation.anchor, class: 'operation'},
		make('summary', {},
			make('span', {class: 'method ' + operation.method},
				operation.method.toUpperCase()), ' ',
			make('code', {}, operation.path), ' ',
			make('span', {class: 'name'}, operation.id)));
	element.addEventListener('toggle', () => {
		if (element.open && element.children.length === 1)
			element.append(details(root, operation));
	});
	return element;
}

function groupElement(root, group, number) {
	const id = 'table-' + number;
	const section = make('section', {'aria-labelledby': id},
		make('h2', {id}, group.name));
	for (const operation of group.operations) {
		const words = [group.name, operation.id, operation.method,
			operation.path].join(' ').toLowerCase();
		const element = operationElement(root, operation);
		element.words = words;
		section.append(element);
	}
	return section;
}

/* Hide what does not have all the words. */
function filter(sections, text) {
	const words = text.toLowerCase().split(/\s+/).filter(Boolean);
	for (const section of sections) {
		const all = [...section.querySelectorAll('.operation')];
		for (const one of all)
			one.hidden = !words.every((word) => one.words.includes(word));
		section.hidden = all.every((one) => one.hidden);
	}
}

function openTarget() {
	const target = document.getElementById(location.hash.slice(1));
	if (target && target.classList.contains('operation')) {
		target.open = true;
		target.scrollIntoView();
	}
}

function show(root) {
	const at = (id) => document.getElementById(id);
	const info = root.info || {};
	const groups = groupsOf(root);
	const sections = groups.map((one, i) => groupElement(root, one, i));
	document.title = info.title || 'API';
	at('title').textContent = info.title || 'API';
	if (info.version)
		at('about').append(' Version ' + info.version + '.');
	at('contents').append(make('ul', {}, ...groups.map((group, i) =>
		make('li', {}, make('a', {href: '#table-' + i}, group.name)))));
	at('contents').hidden = at('search').hidden = groups.length === 0;
	at('search').addEventListener('submit', (event) => event.preventDefault());
	at('filter').addEventListener('input', (event) =>
		filter(sections, event.target.value));
	at('state').textContent = groups.length ? '' : 'There are no tables yet.';
	at('operations').append(...sections);
	addEventListener('hashchange', openTarget);
	openTarget();
}

async function start() {
	const state = document.getElementById('state');
	try {
		const response = await fetch('openapi.json', {cache: 'no-cache'});
		if (!response.ok)
			throw new Error('openapi.json: ' + response.status + ' '
				+ response.statusText);
		show(await response.json());
	} catch (error) {
		state.className = 'status bad';
		state.textContent = 'The description could not be read. '
			+ error.message;
	}
	document.getElementById('operations').removeAttribute('aria-busy');
}

if (typeof document !== 'undefined')
	start();
