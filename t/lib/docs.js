// What nginx/docs/docs.js does without a page: node docs.js openapi.json
'use strict';
const fs = require('fs');
const path = require('path');
const vm = require('vm');

const docs = {URLSearchParams};
vm.runInNewContext(fs.readFileSync(
	path.join(__dirname, '../../nginx/docs/docs.js'), 'utf8'), docs);
const root = JSON.parse(fs.readFileSync(process.argv[2], 'utf8'));

function is(got, expected, name) {
	const good = JSON.stringify(got) === JSON.stringify(expected);
	console.log((good ? 'ok ' : 'not ok ') + name);
	if (!good)
		console.log(`  got ${JSON.stringify(got)}`);
}

const groups = docs.groupsOf(root);
const all = groups.flatMap((group) => group.operations);
const find = (id) => all.find((one) => one.id === id);
const input = (id) => docs.contentOf(root, find(id).about.requestBody);

is(groups.map((group) => group.name).sort(), ['events', 'users'],
	'operations stand under their tables');
is(all.length, Object.values(root.paths)
	.reduce((n, item) => n + Object.keys(item).length, 0),
	'each operation is there');
is(docs.example(root, input('create_users')).name, 'string', 'a text');
const event = docs.example(root, input('create_events'));
is(isNaN(Date.parse(event.schedule)), false, 'a moment');
is(Object.hasOwn(event, 'host_name'), true, 'a link by name');
is(/"name": string \(at most 50 characters\), required/
	.test(docs.describe(root, input('create_users'))), true,
	'a type in words');
for (const one of all)
	is(typeof docs.describe(root,
		docs.contentOf(root, Object.values(one.about.responses)[0])),
		'string', 'what ' + one.id + ' answers');
for (const way of ['nowhere/at/all', '%', ''])
	is(docs.describe(root, {$ref: '#/' + way}), 'any JSON',
		`a reference to nothing: '${way}'`);
is(docs.describe({'a b': {'c/d~': {type: 'string'}}},
	{$ref: '#/a%20b/c~1d~0'}), 'string', 'a reference to odd names');
is(docs.groupsOf({paths: {'/a%20b': {get: {operationId: 'list_a b'}}}})[0]
	.operations[0].anchor, 'list_a%20b', 'a place on the page has no blanks');
const loop = {a: {properties: {b: {$ref: '#/a'}}}};
is(typeof docs.describe(loop, loop.a) + typeof docs.example(loop, loop.a),
	'stringobject', 'a schema that holds itself');

const request = docs.requestOf({method: 'put', path: '/a/{id}'}, [
	{name: 'id', place: 'path', required: true, value: 'x/y$&,1'},
	{name: 'a[b]', place: 'query', value: 'c d&'},
	{name: 'none', place: 'query', value: ''},
	{name: 'If-Match', place: 'header', value: '"1"'},
], '{}');
is(request, {method: 'PUT', path: '/a/x%2Fy%24%26,1?a%5Bb%5D=c+d%26',
	headers: {'If-Match': '"1"', 'Content-Type': 'application/json'},
	body: '{}'}, 'fields become a request');
is(docs.curlOf({method: 'POST', headers: {A: 'b'}, body: '{"a":"it\'s"}'},
	'http://h/x'), "curl -i -X POST -H 'A: b' --data-binary "
	+ `'{"a":"it'\\''s"}' 'http://h/x'`, '... also for a terminal');
is(docs.pretty('{"a":[1,{}],"b":[],"c":{"d":123456789012345678901.50,'
	+ '"e":"{,\\"}"}}'), '{\n  "a": [\n    1,\n    {}\n  ],\n  "b": [],\n'
	+ '  "c": {\n    "d": 123456789012345678901.50,\n'
	+ '    "e": "{,\\"}"\n  }\n}', 'JSON in lines, as it was sent');
is(docs.bodyText('application/json', ''), '(empty)', 'an empty body');
