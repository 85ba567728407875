/*
 * Swagger UI for this server.  What is typed into "Authorize" is forgotten
 * with the page, and nobody else's server is asked whether the description
 * is valid.
 */
'use strict';

SwaggerUIBundle({
	url: 'openapi.json',
	domNode: document.getElementById('page'),
	layout: 'BaseLayout',
	deepLinking: true,
	displayRequestDuration: true,
	persistAuthorization: false,
	validatorUrl: null,
});
