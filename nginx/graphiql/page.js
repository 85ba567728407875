/*
 * GraphiQL for this server: where it asks, what it may remember.
 *
 * Queries stay until the tab is closed.  Headers hold tokens, and the history
 * holds headers, so both are forgotten with the page.
 */
'use strict';

const SECRET = /headers|queries|favorites/;

const memory = {
	getItem: (name) => sessionStorage.getItem(name),
	setItem: (name, value) => {
		if (!SECRET.test(name))
			sessionStorage.setItem(name, value);
	},
	removeItem: (name) => sessionStorage.removeItem(name),
	clear: () => sessionStorage.clear(),
	get length() {
		return sessionStorage.length;
	},
};

async function ask(params, {headers} = {}) {
	const answer = await fetch('graphql', {
		method: 'POST',
		headers: {
			Accept: 'application/json',
			'Content-Type': 'application/json',
			...headers,
		},
		body: JSON.stringify(params),
	});
	const text = await answer.text();
	try {
		return JSON.parse(text);
	} catch {
		throw new Error(answer.status + ' ' + answer.statusText
			+ (text && ': ' + text));
	}
}

const EXAMPLE = `# Ctrl-Space shows what fits, Ctrl-Enter runs it.  A token goes into the
# headers below: {"Authorization": "Bearer ..."}
{
  hello
}
`;

ReactDOM.createRoot(document.getElementById('page')).render(
	React.createElement(GraphiQL, {
		fetcher: ask,
		storage: memory,
		defaultQuery: EXAMPLE,
		defaultEditorToolsVisibility: true,
		isHeadersEditorEnabled: true,
		shouldPersistHeaders: false,
		showPersistHeadersSettings: false,
	}));
