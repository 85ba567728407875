// What graphql-http, the reference implementation of GraphQL over HTTP, finds
// when it audits a server: one line of JSON, {"audits": [{"id", "name",
// "status": "ok|notice|warn|error|broken", "reason"}]}.
//
//   arguments: the URL
import {serverAudits} from 'graphql-http';

const audits = [];
for (const audit of serverAudits({url: process.argv[2]})) {
	const {status, reason} = await audit.fn().catch((error) =>
		({status: 'broken', reason: String(error)}));
	audits.push({id: audit.id, name: audit.name, status, reason});
}
process.stdout.write(JSON.stringify({audits}) + '\n');
