// Documents made from a schema, the same ones for the same seed: valid ones,
// and what is left of them after an accident.
//
//   const random = new Random(seed);
//   document(random, schema, only)   {text, variables, operation}: valid;
//       `only` picks fields (type, field) and values (type, name, input type)
//   mutated(random, text, words)     the text after one or two accidents
import {GraphQLEnumType, GraphQLInputObjectType, GraphQLList, GraphQLNonNull,
	Lexer, Source, TokenKind, getNamedType, getNullableType, isLeafType,
	isRequiredArgument, isRequiredInputField} from 'graphql';

export class Random {
	constructor(seed) {
		this.state = seed >>> 0;
	}

	/* mulberry32 */
	fraction() {
		this.state = (this.state + 0x6D2B79F5) >>> 0;
		let t = this.state;
		t = Math.imul(t ^ (t >>> 15), t | 1);
		t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
		return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
	}

	below(n) {
		return Math.floor(this.fraction() * n);
	}

	chance(n) {
		return this.fraction() < n;
	}

	pick(list) {
		return list[this.below(list.length)];
	}

	some(list, most) {
		const left = [...list], taken = [];
		while (left.length && taken.length < most)
			taken.push(...left.splice(this.below(left.length), 1));
		return taken;
	}
}

/* ---- values ---- */

const WORDS = ['a', 'Love', 'ob', 'x_y', 'Ünïcode', '100%', ''];

function scalar(random, name) {
	switch (name) {
	case 'Int': return random.below(40) - 5;
	case 'Float': return random.below(100) / 8;
	case 'Boolean': return random.chance(.5);
	case 'ID': return random.chance(.5) ? random.below(30)
		: String(random.below(30));
	case 'BigInt': return random.chance(.5) ? random.below(1000)
		: '90071992547409' + random.below(100);
	case 'Date': return '2001-02-0' + (1 + random.below(9));
	case 'DateTime': return '2030-01-0' + (1 + random.below(9))
		+ 'T00:00:00Z';
	case 'UUID': return '00000000-0000-0000-0000-00000000000'
		+ random.below(9);
	default: return random.pick(WORDS);
	}
}

/* A value as GraphQL, of one made for JSON; names of enums are {name}. */
function written(value) {
	if (Array.isArray(value))
		return '[' + value.map(written).join(', ') + ']';
	if (value instanceof Name)
		return value.name;
	if (value instanceof Variable)
		return '$' + value.name;
	if (value && typeof value === 'object')
		return '{' + Object.entries(value).map(([name, one]) =>
			name + ': ' + written(one)).join(', ') + '}';
	return JSON.stringify(value);
}

class Name {
	constructor(name) {
		this.name = name;
	}
	toJSON() {
		return this.name;
	}
}

class Variable {
	constructor(name) {
		this.name = name;
	}
}

class Maker {
	constructor(random, schema, only) {
		Object.assign(this, {random, schema, only, fragments: [], aliases: 0,
			definitions: [], variables: {}});
	}

	/* ---- values ---- */

	value(type, about, depth = 0) {
		if (type instanceof GraphQLNonNull)
			return this.value(type.ofType, about, depth);
		if (type instanceof GraphQLList)
			return this.list(type.ofType, about, depth);
		if (type instanceof GraphQLEnumType)
			return new Name(this.random.pick(type.getValues()).name);
		if (type instanceof GraphQLInputObjectType)
			return this.object(type, about, depth);
		const known = this.only?.value?.(this.random, about);
		return known === undefined ? scalar(this.random, type.name) : known;
	}

	list(type, about, depth) {
		// One value is a list of it.
		if (this.random.chance(.15))
			return this.value(type, about, depth);
		return Array.from({length: this.random.below(3)
			+ (getNamedType(type) instanceof GraphQLInputObjectType ? 1 : 0)},
		() => this.value(type, about, depth));
	}

	object(type, about, depth) {
		const fields = Object.values(type.getFields()).filter((one) =>
			!this.only || this.only.input(type, one));
		const required = fields.filter(isRequiredInputField);
		const one = /^OrderBy/.test(type.name) || this.random.chance(.7) ? 1 : 2;
		const wanted = this.random.some(fields.filter((field) =>
			!required.includes(field) && !this.tooDeep(field, depth)), one);
		return Object.fromEntries([...required, ...wanted].map((field) =>
			[field.name, this.member(type, field, about, depth + 1)]));
	}

	/* Conditions below conditions soon leave no row at all. */
	tooDeep(field, depth) {
		const name = getNamedType(field.type).name;
		return /^Where(?!Predicate)|Input$/.test(name)
			&& (depth > 2 || this.random.chance(depth * .3));
	}

	member(type, field, about, depth) {
		const below = /^Where(?!Predicate)/.test(type.name)
			? {type: type.name.slice(5), name: field.name}
			: {...about, op: field.name};
		// The one member of an object that has one may not be null.
		const wanted = type.isOneOf && field.type === getNullableType(field.type)
			? new GraphQLNonNull(field.type) : field.type;
		return this.given(wanted, this.value(field.type, below, depth));
	}

	/* The value, or a variable that has it. */
	given(type, value) {
		if (!this.random.chance(.12) || hasVariable(value))
			return value;
		const name = 'v' + this.definitions.length;
		const text = String(type);
		if (this.random.chance(.3) && !text.endsWith('!'))
			this.definitions.push(`$${name}: ${text} = ${written(value)}`);
		else if (this.random.chance(.3) && !text.endsWith('!'))
			this.definitions.push(`$${name}: ${text}!`);
		else
			this.definitions.push(`$${name}: ${text}`);
		if (!/=/.test(this.definitions.at(-1)) || this.random.chance(.3))
			this.variables[name] = value;
		return new Variable(name);
	}

	args(parent, field) {
		const list = field.args.filter((arg) => isRequiredArgument(arg)
			|| this.random.chance(arg.name === 'where' ? .6 : .35));
		if (!list.length)
			return '';
		return '(' + list.map((arg) => {
			// `which` of the rows a key is from: all of it.
			const about = {type: getNamedType(field.type).name, name: arg.name,
				arg: true, which: this.random.below(1000)};
			return arg.name + ': ' + written(this.given(arg.type,
				this.argument(arg, about)));
		}).join(', ') + ')';
	}

	argument(arg, about) {
		if (arg.name === 'limit')
			return this.random.chance(.1) ? 1000 : this.random.below(9);
		if (arg.name === 'offset')
			return this.random.below(4);
		return this.value(arg.type, about);
	}

	/* ---- selections ---- */

	directives() {
		if (!this.random.chance(.08))
			return '';
		const value = this.random.chance(.5);
		return ` @${this.random.pick(['skip', 'include'])}(if: `
			+ written(this.given(new GraphQLNonNull(
				this.schema.getType('Boolean')), value)) + ')';
	}

	fields(type) {
		return Object.values(type.getFields()).filter((field) =>
			!this.only || this.only.field(type, field));
	}

	selections(type, depth) {
		const all = this.fields(type);
		const leaves = all.filter((one) => isLeafType(getNamedType(one.type)));
		const others = all.filter((one) => !leaves.includes(one));
		const wanted = [...this.random.some(leaves, 1 + this.random.below(4)),
			...depth > 0 ? this.random.some(others, this.random.below(3)) : []];
		const parts = wanted.map((one) => this.field(type, one, depth));
		if (!parts.length || this.random.chance(.15))
			parts.push('__typename');
		if (this.random.chance(.1))
			parts.push(this.random.pick(parts));
		if (depth > 0 && this.random.chance(.2))
			parts.push(this.fragment(type, depth));
		return '{ ' + parts.join(this.random.pick([' ', ', ', '\n'])) + ' }';
	}

	field(parent, field, depth) {
		const named = getNamedType(field.type);
		const args = this.args(parent, field);
		const leaf = isLeafType(named);
		// Only what is always the same may go by its own name.
		const own = leaf && !args && this.random.chance(.8);
		const name = own ? field.name : `a${this.aliases++}: ${field.name}`;
		return name + args + this.directives()
			+ (leaf ? '' : ' ' + this.selections(named, depth - 1));
	}

	fragment(type, depth) {
		const inside = this.selections(type, depth - 1);
		if (this.random.chance(.5))
			return '...' + this.random.pick([' on ' + type.name, ''])
				+ this.directives() + ' ' + inside;
		const name = 'F' + this.fragments.length;
		this.fragments.push(`fragment ${name} on ${type.name} ${inside}`);
		return `...${name}${this.directives()}`
			+ (this.random.chance(.2) ? ` ...${name}` : '');
	}

	/* ---- documents ---- */

	query() {
		const roots = this.fields(this.schema.getQueryType());
		const parts = this.random.some(roots, 1 + this.random.below(3))
			.map((one) => this.field(this.schema.getQueryType(), one,
				1 + this.random.below(3)));
		if (this.random.chance(.1))
			parts.push(this.fragment(this.schema.getQueryType(), 2));
		if (this.random.chance(.1))
			parts.push(this.introspection());
		return parts.join('\n  ');
	}

	introspection() {
		const names = Object.keys(this.schema.getTypeMap())
			.filter((name) => !name.startsWith('__'));
		return `a${this.aliases++}: __type(name: "${this.random.pick(names)}") `
			+ this.selections(this.schema.getType('__Type'), 2);
	}

	mutation() {
		const type = this.schema.getMutationType();
		return this.random.some(this.fields(type), 1 + this.random.below(2))
			.map((one) => this.field(type, one, 1 + this.random.below(2)))
			.join('\n  ');
	}

	header(kind, name) {
		const list = this.definitions.length
			? `(${this.definitions.join(', ')})` : '';
		return `${kind} ${name}${list} `;
	}
}

function hasVariable(value) {
	if (value instanceof Variable)
		return true;
	return value && typeof value === 'object' && !(value instanceof Name)
		? Object.values(value).some(hasVariable) : false;
}

export function document(random, schema, only, mutation = false) {
	const maker = new Maker(random, schema, only);
	const inside = mutation ? maker.mutation() : maker.query();
	const name = mutation ? 'Change' : 'Ask';
	const text = maker.header(mutation ? 'mutation' : 'query', name)
		+ `{\n  ${inside}\n}`;
	// A mutation is judged together with a query, which is what runs.
	const rest = mutation ? ['query Run { hello }'] : [];
	return {
		text: [text, ...rest, ...maker.fragments].join('\n'),
		variables: mutation ? {} : JSON.parse(JSON.stringify(maker.variables)),
		operation: mutation ? 'Run' : 'Ask',
	};
}

/* ---- accidents ---- */

/* The tokens of a text, with their places. */
export function tokens(text) {
	const lexer = new Lexer(new Source(text));
	const list = [];
	while (lexer.advance().kind !== TokenKind.EOF)
		list.push({kind: lexer.token.kind, start: lexer.token.start,
			end: lexer.token.end});
	return list;
}

const VALUES = ['1', '-1', '1.5', '"text"', 'true', 'null', 'asc', 'NOPE',
	'[]', '[1, "x"]', '{}', '{_eq: 1}', '$nope', '2147483648', '""',
	'"\\u{1F600}"', '"\\uD83D\\uDE00"', '"\\uD83D"', '"\\u{D83D}"', '"\t\\n"',
	'"""\n  a\n    \\"""b\n"""', '1e5', '1.0E+3', '1E', '-0', '-', '0x1',
	'1.e1', '"\u{1D54F}"', '"unfinished', '"two\nlines"', '.5', '1a', '1_0',
	'"\\u12"', '"""\r  a\r\n\n  b"""', '"\u007f"', '"\u0001"'];
const PARTS = [' @skip', ' @skip(if: true)', ' @include(if: "x")', ' @nope',
	' @skip(if: true) @skip(if: false)', ' { id }', ' ...Nope', ' ...F0',
	' ... on Nope { id }', ' ... on User { id }', ' nope', ' id: __typename',
	' x: hello x: __typename', '(nope: 1)', '($unused: Int)', '(limit: 1, limit: 1)',
	' on ', '!', '}', '{', ' : ', ' ... ', ' @deprecated', ' "\\u0041"', ' "\\q"',
	' """block"""', '\u0000', '#', ' . ', ' 01 ', ' 1. ', ' "', '&', '\ufeff',
	' ...F0 @skip(if: $nope)', ' @include(if: $nope)'];
const WHOLES = [' fragment Unused on User { id }', ' { hello }',
	' query Ask { hello }', ' subscription { hello }',
	' fragment F0 on User { ...F0 }', ' fragment Leaf on ID { id }',
	' fragment Lost on Nope { id }', ' query Other { nope }',
	' query ($a: Int, $a: Int) { hello }', ' type X { y: Int }',
	' query Typed($a: User) { hello }', ' query Un($a: Nope) { hello }',
	' query D($a: Int! = 1) { a: UsersMany(limit: $a) { id } }',
	' query D($a: Int = "x") { a: UsersMany(limit: $a) { id } }',
	' query D($a: String) { a: UsersMany(limit: $a) { id } }',
	' fragment A on User { ...B } fragment B on User { ...A }'];

const ACCIDENTS = [
	// A token is lost, or comes twice, or changes places with the next.
	(random, text, list) => {
		const {start, end} = random.pick(list);
		return text.slice(0, start) + text.slice(end);
	},
	(random, text, list) => {
		const {start, end} = random.pick(list);
		return text.slice(0, end) + ' ' + text.slice(start);
	},
	(random, text, list) => {
		const n = random.below(Math.max(1, list.length - 1));
		const [a, b] = [list[n], list[n + 1] || list[n]];
		return text.slice(0, a.start) + text.slice(b.start, b.end) + ' '
			+ text.slice(a.start, a.end) + text.slice(b.end);
	},
	// A name is another.
	(random, text, list, words) => {
		const {start, end} = random.pick(list.filter((one) =>
			one.kind === TokenKind.NAME));
		return text.slice(0, start) + random.pick(words) + text.slice(end);
	},
	(random, text, list) => {
		const names = list.filter((one) => one.kind === TokenKind.NAME);
		const [a, b] = [random.pick(names), random.pick(names)];
		return text.slice(0, a.start) + text.slice(b.start, b.end)
			+ text.slice(a.end);
	},
	// ... of the same sort: aliases collide, variables go where they do not fit.
	(random, text, list) => {
		const sort = random.pick([/^a\d+$/, /^a\d+$/, /^v\d+$/, /^F\d+$/]);
		const like = list.filter((one) =>
			sort.test(text.slice(one.start, one.end)));
		if (!like.length)
			return text;
		const [a, b] = [random.pick(like), random.pick(like)];
		return text.slice(0, a.start) + text.slice(b.start, b.end)
			+ text.slice(a.end);
	},
	// A value is another.
	(random, text, list) => {
		const at = list.filter((one, i) => list[i - 1]?.kind
			=== TokenKind.COLON);
		const {start, end} = random.pick(at.length ? at : list);
		return text.slice(0, start) + random.pick(VALUES) + text.slice(end);
	},
	// Something comes in between, where it may even fit.
	(random, text, list) => {
		const {end} = random.pick(list.filter(({kind}) =>
			kind === TokenKind.NAME || kind === TokenKind.PAREN_R));
		return text.slice(0, end) + random.pick(PARTS) + text.slice(end);
	},
	(random, text) => random.chance(.5) ? text + random.pick(WHOLES)
		: random.pick(WHOLES) + '\n' + text,
	// A stretch of it is there once more.
	(random, text, list) => {
		const from = random.below(list.length);
		const to = Math.min(list.length - 1, from + random.below(8));
		return text.slice(0, list[to].end) + ' '
			+ text.slice(list[from].start, list[to].end)
			+ text.slice(list[to].end);
	},
];

// What leaves a document that can be parsed, more often.
const OFTEN = [0, 1, 2, 3, 3, 3, 4, 4, 5, 5, 5, 5, 6, 6, 6, 7, 7, 7, 8, 8, 8, 9];

export function mutated(random, text, words) {
	for (let n = random.chance(.3) ? 2 : 1; n > 0; n--) {
		let list = [];
		try {
			list = tokens(text);
		} catch {
			return text;
		}
		if (!list.some((one) => one.kind === TokenKind.NAME))
			return text;
		text = ACCIDENTS[random.pick(OFTEN)](random, text, list, words);
	}
	return text;
}
