// A receiver that takes no event but those of the tutorial's model, signed.
//
//   node receiver.mjs KEY
//
// It begins with {"port": 12345}, and answers {"do": "seen"} with a list of
// {"body", "fault"}: what the model or the signature has against each, or null.
import {createInterface} from 'node:readline';
import Fastify from 'fastify';
import {Webhook} from 'standardwebhooks';

const webhook = new Webhook(process.argv[2]);
const seen = [];
const say = (value) => process.stdout.write(JSON.stringify(value) + '\n');

const text = {type: 'string'};
const object = (properties) => ({
	type: 'object',
	properties,
	required: Object.keys(properties),
	additionalProperties: false,
});
const row = object({id: text, name: text, created_at: text,
	identity_id: {type: ['string', 'null']}});
const payload = object({
	created_at: text,
	delivery_info: object({
		current_retry: {type: 'integer'},
		max_retries: {type: 'integer'},
	}),
	event: object({
		data: object({
			new: {anyOf: [row, {type: 'null'}]},
			old: {anyOf: [row, {type: 'null'}]},
		}),
		op: {enum: ['INSERT', 'UPDATE', 'DELETE', 'MANUAL']},
		session_variables: {
			type: 'object',
			additionalProperties: text,
		},
		trace_context: object({span_id: text, trace_id: text}),
	}),
	id: text,
	table: object({name: text, schema: text}),
	trigger: object({name: text}),
});

// Nothing is made fit: what is wrong stays wrong.
const app = Fastify({ajv: {customOptions: {coerceTypes: false,
	removeAdditional: false}}});
app.addContentTypeParser('application/json', {parseAs: 'string'},
	(request, body, done) => {
		request.raw.text = body;
		done(null, JSON.parse(body));
	});

function signatureFault(request) {
	try {
		webhook.verify(request.raw.text, request.headers);
		return null;
	} catch (error) {
		return error.message;
	}
}

app.post('/event', {schema: {body: payload}, attachValidation: true},
	async (request, reply) => {
		const fault = request.validationError?.message ?? signatureFault(request);
		seen.push({body: request.body, fault});
		return reply.code(fault ? 422 : 200).send(null);
	});

await app.listen({port: 0, host: '127.0.0.1'});
say({port: app.server.address().port});
createInterface({input: process.stdin})
	.on('line', () => say(seen.splice(0)))
	.on('close', () => process.exit(0));
