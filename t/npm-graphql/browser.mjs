// A person at the page of GraphiQL, in a headless Chromium: one JSON object a
// line, each way.  What goes wrong is {"error": text}.
//
//   arguments: the program
//   {"do": "open", "url"}             {"title", "status", "url"}
//   {"do": "type", "editor": "query|variables|headers", "text"}
//                                     {"text": what is there then}
//   {"do": "run"}                     {"status", "answer": what is shown}
//   {"do": "click", "label"}          a button, by what it is called
//   {"do": "press", "key"}
//   {"do": "reload"}
//   {"do": "cookie", "name", "value", "url"}
//   {"do": "text", "selector"}        {"text": of the first such element}
//   {"do": "complaints"}              {"list"}: of the console, of the policy,
//                                     of the page's scripts, since the last
//   {"do": "sent"}                    {"list"}: bodies and headers of requests
//                                     for /graphql since the last
//   {"do": "kept"}                    {"text"}: all that the browser stores
import {createInterface} from 'node:readline';
import {chromium} from 'playwright-core';

const browser = await chromium.launch({
	executablePath: process.argv[2],
	args: process.getuid() === 0 ? ['--no-sandbox'] : [],
});
const context = await browser.newContext({ignoreHTTPSErrors: true});
const page = await context.newPage();
page.setDefaultTimeout(30000);

let complaints = [], sent = [];
page.on('console', (message) => {
	if (['error', 'warning'].includes(message.type()))
		complaints.push(message.text());
});
page.on('pageerror', (error) => complaints.push(String(error)));
page.on('request', (request) => {
	if (!new URL(request.url()).pathname.endsWith('/graphql'))
		return;
	if (request.method() === 'POST')
		sent.push({body: request.postDataJSON(), headers: request.headers()});
});
page.on('requestfailed', (request) =>
	complaints.push(request.url() + ': ' + request.failure().errorText));
await page.exposeFunction('complain', (text) => complaints.push(text));
await page.addInitScript(() => addEventListener('securitypolicyviolation',
	(event) => complain('policy: ' + event.violatedDirective + ' '
		+ event.blockedURI + ' ' + event.sample)));

function taken(list) {
	return list.splice(0);
}

const TOOL = '.graphiql-editor-tool .graphiql-editor:not(.hidden) .CodeMirror';
const EDITORS = {
	query: '.graphiql-query-editor .CodeMirror',
	variables: TOOL,
	headers: TOOL,
};
const TAB = {variables: 'Variables', headers: 'Headers'};

const commands = {
	async open({url}) {
		const response = await page.goto(url);
		return {status: response.status(), title: await page.title(),
			url: page.url()};
	},

	async type({editor, text}) {
		if (TAB[editor])
			await page.getByRole('button', {name: TAB[editor], exact: true})
				.click();
		await page.locator(EDITORS[editor]).click();
		await page.keyboard.press('Control+A');
		await page.keyboard.press('Delete');
		await page.keyboard.type(text);
		return {text: await page.locator(EDITORS[editor]).evaluate((one) =>
			one.CodeMirror.getValue())};
	},

	async run() {
		const answered = page.waitForResponse((one) =>
			one.request().method() === 'POST'
			&& new URL(one.url()).pathname.endsWith('/graphql'));
		await page.getByRole('button', {name: /Execute query/}).click();
		const status = (await answered).status();
		await page.locator('.graphiql-spinner').waitFor({state: 'detached'});
		return {status, answer: await page.locator('.result-window .CodeMirror')
			.evaluate((one) => one.CodeMirror.getValue())};
	},

	async click({label}) {
		await page.getByRole('button', {name: label, exact: true}).click();
		return {};
	},

	async press({key}) {
		await page.keyboard.press(key);
		return {};
	},

	async reload() {
		await page.reload();
		return {};
	},

	async cookie({name, value, url}) {
		await context.addCookies([{name, value, url}]);
		return {};
	},

	async text({selector}) {
		return {text: await page.locator(selector).first().innerText()};
	},

	async complaints() {
		return {list: taken(complaints)};
	},

	async sent() {
		return {list: taken(sent)};
	},

	async kept() {
		return {text: JSON.stringify([await page.evaluate(() =>
			[{...localStorage}, {...sessionStorage}, document.cookie]),
		await context.storageState({indexedDB: true})])};
	},
};

function say(what) {
	process.stdout.write(JSON.stringify(what) + '\n');
}

for await (const line of createInterface({input: process.stdin})) {
	const asked = JSON.parse(line);
	try {
		say(await commands[asked.do](asked));
	} catch (error) {
		say({error: String(error)});
	}
}
await browser.close();
