/*
 * Redoc for this server, in the fonts that the reader's system has.
 */
'use strict';

const LETTERS = {fontFamily: 'system-ui, sans-serif'};

Redoc.init('openapi.json', {
	theme: {
		typography: {...LETTERS, headings: LETTERS},
	},
}, document.getElementById('page'));
