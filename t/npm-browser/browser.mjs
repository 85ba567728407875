// A person at a page, in a headless Chromium: one JSON object a line, each way.
// What goes wrong is {"error": text}.
//
//   arguments: the program
//   {"do": "open", "url"}             {"title", "status", "url"}
//   {"do": "reload"}
//   {"do": "click", "label"}          a button, by what it is called
//   {"do": "click", "selector"}       or the first such element
//   {"do": "fill", "selector", "text"}
//   {"do": "press", "key"}
//   {"do": "cookie", "name", "value", "url"}
//   {"do": "text", "selector"}        {"text": of the first such element}
//   {"do": "texts", "selector"}       {"list"}: of all that are there
//   {"do": "picture", "file"}         of what is in the window, 1280x800
//   {"do": "complaints"}              {"list"}: of the console, of the policy,
//                                     of the page's scripts, since the last
//   {"do": "sent"}                    {"list"}: {"method", "path", "body",
//                                     "headers"} of all but GET since the last
//   {"do": "origins"}                 {"list"}: of all that was asked for
//   {"do": "kept"}                    {"text"}: all that the browser stores
//
// and in GraphiQL
//   {"do": "type", "editor": "query|variables|headers", "text"}
//                                     {"text": what is there then}
//   {"do": "run"}                     {"status", "answer": what is shown}
import {createInterface} from 'node:readline';
import {chromium} from 'playwright-core';

const browser = await chromium.launch({
	executablePath: process.argv[2],
	args: process.getuid() === 0 ? ['--no-sandbox'] : [],
});
const context = await browser.newContext({
	ignoreHTTPSErrors: true, viewport: {width: 1280, height: 800}});
const page = await context.newPage();
page.setDefaultTimeout(30000);

const complaints = [], sent = [], origins = new Set();
page.on('console', (message) => {
	if (['error', 'warning'].includes(message.type()))
		complaints.push(message.text());
});
page.on('pageerror', (error) => complaints.push(String(error)));
page.on('request', (request) => {
	const url = new URL(request.url());
	if (!['data:', 'blob:'].includes(url.protocol))
		origins.add(url.origin);
	if (request.method() !== 'GET')
		sent.push({method: request.method(), path: url.pathname + url.search,
			body: request.postDataJSON(), headers: request.headers()});
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

	async click({label, selector}) {
		await (selector ? page.locator(selector).first()
			: page.getByRole('button', {name: label, exact: true})).click();
		return {};
	},

	async fill({selector, text}) {
		await page.locator(selector).first().fill(text);
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

	async texts({selector}) {
		await page.locator(selector).first().waitFor();
		return {list: await page.locator(selector).allInnerTexts()};
	},

	async picture({file}) {
		await page.screenshot({path: file});
		return {};
	},

	async complaints() {
		return {list: taken(complaints)};
	},

	async sent() {
		return {list: taken(sent)};
	},

	async origins() {
		return {list: [...origins]};
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
