// What the default schema promises about the tables of t/fixtures/music and
// about users and events, said once more and by other means: rows in memory,
// and a resolver for graphql-js that filters, sorts and cuts them itself.
//
//   const music = new Music({rows, types, labels});
//       rows: {table: [{column: text or null}]}, types: {table: {column: type}},
//       labels: {enum type or "table.column" of a choice: [texts, in order]}
//   music.resolve          a fieldResolver
//   TABLES                 the object types, see below
import {GraphQLError, getNamedType} from 'graphql';

// one: name of the relation -> [type, own column]
// many, single: -> [type, the column of the other that names us]
// via: -> [type of the link, its column that names us, its column on, type]
export const TABLES = {
	User: {table: 'users', key: ['id'], list: 'UsersMany', unique: ['name'],
		columns: ['id', 'name', 'createdAt'],
		many: {events: ['Event', 'hostId']}},
	Event: {table: 'events', key: ['id'], list: 'EventsMany', unique: ['name'],
		columns: ['id', 'name', 'address', 'schedule', 'hostId'],
		one: {host: ['User', 'hostId']}},
	Label: {table: 'label', key: ['id'], list: 'LabelsMany',
		columns: ['id', 'name', 'establishedYear', 'active'],
		many: {artists: ['Artist', 'labelId']}},
	Artist: {table: 'artist', key: ['id'], list: 'ArtistsMany',
		columns: ['id', 'name', 'labelId', 'mentorId', 'country'],
		one: {label: ['Label', 'labelId'], mentor: ['Artist', 'mentorId']},
		many: {artists: ['Artist', 'mentorId'], albums: ['Album', 'artistId'],
			awards: ['Award', 'artistId'], artistTags: ['ArtistTag', 'artistId'],
			duetsByLeadArtist: ['Duet', 'leadArtistId'],
			duetsByGuestArtist: ['Duet', 'guestArtistId']},
		single: {artistProfile: ['ArtistProfile', 'artistId']},
		via: {tags: ['ArtistTag', 'artistId', 'tagId', 'Tag']}},
	ArtistProfile: {table: 'artist_profile', key: ['id'],
		list: 'ArtistProfilesMany', unique: ['artistId'],
		columns: ['id', 'artistId', 'biography'],
		one: {artist: ['Artist', 'artistId']}},
	Album: {table: 'album', key: ['id'], list: 'AlbumsMany',
		columns: ['id', 'title', 'releasedDate', 'artistId', 'genre', 'rating'],
		one: {artist: ['Artist', 'artistId']},
		many: {songs: ['Song', 'albumId']}},
	Song: {table: 'song', key: ['id'], list: 'SongsMany',
		columns: ['id', 'title', 'albumId', 'seconds', 'mood', 'explicit',
			'plays', 'slug'],
		one: {album: ['Album', 'albumId']}},
	Tag: {table: 'tag', key: ['id'], list: 'TagsMany', unique: ['name'],
		columns: ['id', 'name'],
		many: {artistTags: ['ArtistTag', 'tagId']},
		via: {artists: ['ArtistTag', 'tagId', 'artistId', 'Artist']}},
	ArtistTag: {table: 'artist_tag', key: ['artistId', 'tagId'],
		list: 'ArtistTagsMany', columns: ['artistId', 'tagId'],
		one: {artist: ['Artist', 'artistId'], tag: ['Tag', 'tagId']}},
	ChartEntry: {table: 'chart_entry', key: ['week', 'place'],
		list: 'ChartEntrysMany', columns: ['week', 'place', 'songId', 'note'],
		one: {song: ['Song', 'songId']}},
	Duet: {table: 'duet', key: ['id'], list: 'DuetsMany',
		columns: ['id', 'leadArtistId', 'guestArtistId', 'title'],
		one: {leadArtist: ['Artist', 'leadArtistId'],
			guestArtist: ['Artist', 'guestArtistId']}},
	Award: {table: 'award', key: ['id'], list: 'AwardsMany',
		columns: ['id', 'name', 'artistId'],
		one: {artist: ['Artist', 'artistId']}},
	Settings: {table: 'settings', key: ['name'], list: 'SettingsMany',
		columns: ['name', 'value']},
};

const LISTS = Object.fromEntries(Object.entries(TABLES)
	.map(([type, about]) => [about.list, type]));
const LIMIT = 50, LIMIT_MOST = 500;

/* What a relation of a type leads to: the type, whether to many. */
export function relation(type, name) {
	const {one, many, single, via} = TABLES[type];
	if (one?.[name])
		return {to: one[name][0], many: false};
	if (single?.[name])
		return {to: single[name][0], many: false};
	if (many?.[name])
		return {to: many[name][0], many: true};
	return via?.[name] && {to: via[name][3], many: true};
}

/* ---- names ---- */

export function snake(name) {
	return name.replace(/[A-Z]/g, (letter) => '_' + letter.toLowerCase());
}

/* What an enum calls a text. */
export function choice(text) {
	const name = text.replace(/[ -]/g, '_').replace(/\W/g, '');
	return name.replace(/^__+/, '_').replace(/^(?=\d)/, '_');
}

/* ---- values ---- */

function byText(x, y) {
	const a = [...x], b = [...y];
	for (let i = 0; i < a.length && i < b.length; i++)
		if (a[i] !== b[i])
			return a[i].codePointAt(0) - b[i].codePointAt(0);
	return a.length - b.length;
}

function byNumber(x, y) {
	return x < y ? -1 : x > y ? 1 : 0;
}

// A column's text as something that compares with byNumber().
const VALUES = {
	integer: BigInt,
	bigint: BigInt,
	numeric: Number,
	boolean: (text) => text === 'true',
	'timestamp with time zone': Date.parse,
};

// The same as a JSON value, by the type that the schema gives it.
const ANSWERS = {
	Int: Number,
	Float: Number,
	Boolean: (text) => text === 'true',
};

/* ---- filters ---- */

function denies({test}) {
	return test && ['_neq', '_nin'].includes(test[1]);
}

function opposite({test: [column, op, value]}) {
	return {test: [column, op === '_neq' ? '_eq' : '_in', value]};
}

/* Is there anything that one row can have? What denies asks all of them. */
function asksOne(filter) {
	if (filter.test)
		return !denies(filter);
	return !filter.not && (filter.and || filter.or || [filter.part])
		.some(asksOne);
}

/* How one goes through a relation: by a join, a question, or past it. */
function passage(at, filter) {
	const {many} = relation(at.type, filter.through);
	if ((many || at.base) && !asksOne(filter))
		return 'by';
	return many && at.denied ? 'exists' : 'join';
}

export class Music {
	constructor({rows, types, labels}) {
		this.rows = rows;
		this.types = types;
		this.labels = labels;
		this.resolve = this.resolve.bind(this);
	}

	labelsOf(type, column) {
		const {table} = TABLES[type];
		return this.labels[table + '.' + snake(column)]
			|| this.labels[this.types[table][snake(column)]];
	}

	/* Two texts of one column, before, the same or after. */
	compare(type, column, x, y) {
		const kind = this.types[TABLES[type].table][snake(column)];
		if (VALUES[kind])
			return byNumber(VALUES[kind](x), VALUES[kind](y));
		const labels = this.labels[kind];
		if (labels)
			return labels.indexOf(x) - labels.indexOf(y);
		return byText(x, y);
	}

	/* What a client wrote, as the column's text. */
	text(type, column, value) {
		if (value === null || value === undefined)
			return null;
		const labels = this.labelsOf(type, column);
		return labels ? labels.find((one) => choice(one) === value)
			: String(value);
	}

	/* ---- relations ---- */

	all(type) {
		return this.rows[TABLES[type].table];
	}

	where(type, column, value) {
		return value === null ? []
			: this.all(type).filter((row) => row[snake(column)] === value);
	}

	/* The rows to which a relation leads; to one: none or one. */
	follow(type, row, name) {
		const {one, many, single, via} = TABLES[type];
		const own = (about) => row[snake(TABLES[about].key[0])];
		if (one?.[name])
			return this.where(one[name][0], TABLES[one[name][0]].key[0],
				row[snake(one[name][1])]);
		if (via?.[name]) {
			const [link, ours, theirs, to] = via[name];
			return this.where(link, ours, row.id).flatMap((one) =>
				this.where(to, 'id', one[snake(theirs)]));
		}
		const [to, column] = (many?.[name] || single?.[name]);
		return this.where(to, column, own(type));
	}

	/* ---- where ---- */

	/*
	 * {and|or: [...]}, {not}, {through, part}, {test: [column, op, value]}.
	 * To be in an empty list is no question to any row.
	 */
	filter(type, where) {
		const parts = Object.entries(where).map(([name, value]) =>
			this.part(type, name, value));
		return {and: parts.flat()};
	}

	part(type, name, value) {
		if (!name.startsWith('_') && !this.knows(type, name))
			return [];
		if (value === null || value === undefined)
			return [];
		if (name === '_and' || name === '_or')
			return {[name.slice(1)]: value.filter(Boolean)
				.map((one) => this.filter(type, one))};
		if (name === '_not')
			return {not: this.filter(type, value)};
		if (TABLES[type].columns.includes(name))
			return Object.entries(value).map(([op, operand]) =>
				({_in: {or: []}, _nin: {and: []}})[operand?.length === 0 && op]
				|| {test: [name, op, operand]});
		const {to} = relation(type, name);
		return {through: name, part: this.filter(to, value)};
	}

	test(type, row, [column, op, operand]) {
		const own = row ? row[snake(column)] : null;
		const same = (value) => value !== null && own !== null
			&& this.compare(type, column, own, value) === 0;
		const order = (value) => own === null || value === null ? NaN
			: this.compare(type, column, own, value);
		const text = Array.isArray(operand)
			? operand.map((one) => this.text(type, column, one))
			: this.text(type, column, operand);
		switch (op) {
		case '_eq': return text === null ? own === null : same(text);
		case '_neq': return text === null ? own !== null : !same(text);
		case '_gt': return order(text) > 0;
		case '_gte': return order(text) >= 0;
		case '_lt': return order(text) < 0;
		case '_lte': return order(text) <= 0;
		case '_in': return text.some(same);
		case '_nin': return !text.some(same);
		case '_is_null': return operand === (own === null);
		case '_like': return own !== null && own.includes(text);
		case '_ilike': return own !== null
			&& own.toLowerCase().includes(text.toLowerCase());
		}
		throw new Error('no operator ' + op);
	}

	/*
	 * Where one stands in a filter: at which row, behind which relations since
	 * the first one to many (trail, which begins at `base`), which rows the
	 * joins have chosen, and whether joins to many would say the wrong thing.
	 */
	place(type, row) {
		return {type, row, base: null, trail: [], chosen: {}, denied: false};
	}

	holds(at, filter) {
		if (filter.and)
			return filter.and.every((one) => this.holds(at, one));
		if (filter.or)
			return filter.or.some((one) => this.holds(at, one));
		if (filter.not)
			return at.base ? this.none(at, filter.not)
				: !this.holds({...at, denied: true}, filter.not);
		if (filter.through)
			return this.through(at, filter);
		if (at.base && denies(filter))
			return this.none(at, opposite(filter));
		return this.test(at.type, at.row, filter.test);
	}

	through(at, filter) {
		const next = this.beyond(at, filter);
		switch (passage(at, filter)) {
		case 'by':
			return this.holds(next, filter.part);
		case 'exists':
			return this.exists(at, filter);
		}
		const {row, below} = at.chosen[filter.through];
		return this.holds({...next, row, chosen: below}, filter.part);
	}

	beyond(at, {through: name}) {
		const {to, many} = relation(at.type, name);
		const base = at.base || (many ? at : null);
		return {...at, type: to, base, row: null, chosen: {},
			trail: base ? [...at.trail, name] : []};
	}

	/* No row behind the first way to many has it. */
	none(at, filter) {
		if (!asksOne(filter))
			return !this.holds(at, filter);
		const whole = at.trail.reduceRight((part, name) =>
			({through: name, part}), filter);
		return !this.exists(at.base, whole);
	}

	/* Any row at the other end, or a missing one if there is no other. */
	exists(at, filter) {
		const next = {...this.beyond(at, filter), denied: false};
		const rows = at.row ? this.follow(at.type, at.row, filter.through) : [];
		return (rows.length ? rows : [null]).some((row) =>
			this.times({...next, row}, filter.part) > 0);
	}

	/* How often the joins of a filter find the row. */
	times(at, filter) {
		const ways = this.ways(at, filter, {});
		return this.choices(at.type, at.row, ways).filter((chosen) =>
			this.holds({...at, chosen}, filter)).length;
	}

	/* The ways that are joined: {relation: {ways below it}}. */
	ways(at, filter, ways) {
		for (const one of filter.and || filter.or || [])
			this.ways(at, one, ways);
		if (filter.not && !at.base)
			this.ways({...at, denied: true}, filter.not, ways);
		if (filter.through && passage(at, filter) === 'join')
			this.ways(this.beyond(at, filter), filter.part,
				ways[filter.through] ||= {});
		return ways;
	}

	/* All ways to choose a row, or none, for each of the ways. */
	choices(type, row, ways) {
		let all = [{}];
		for (const [name, below] of Object.entries(ways)) {
			const {to} = relation(type, name);
			const rows = row ? this.follow(type, row, name) : [];
			const each = (rows.length ? rows : [null]).flatMap((one) =>
				this.choices(to, one, below).map((rest) =>
					({row: one, below: rest})));
			all = all.flatMap((one) => each.map((two) =>
				({...one, [name]: two})));
		}
		return all;
	}

	/* ---- lists ---- */

	order(type, orderBy) {
		const {key, unique = []} = TABLES[type];
		const order = (orderBy || []).filter(Boolean).map((one) => {
			const [[column, way], ...more] = Object.entries(one);
			if (more.length)
				throw new GraphQLError('order_by items can only have 1 key.');
			return [column, way === 'desc' ? -1 : 1];
		});
		for (const column of key)
			order.push([column, 1]);
		return order;
	}

	sorted(type, rows, orderBy) {
		const order = this.order(type, orderBy);
		const null_last = (x, y, way) =>
			(x === null) === (y === null) ? 0 : x === null ? way : -way;
		return [...rows].sort((x, y) => {
			for (const [column, way] of order) {
				const [a, b] = [x[snake(column)], y[snake(column)]];
				const n = a === null || b === null
					? null_last(a, b, way)
					: way * this.compare(type, column, a, b);
				if (n)
					return n;
			}
			return 0;
		});
	}

	list(type, rows, args, most) {
		const filter = this.filter(type, args.where || {});
		const found = this.sorted(type, rows, args.orderBy).flatMap((row) => {
			const n = this.times(this.place(type, row), filter);
			return Array(args.distinct ? Math.min(n, 1) : n).fill(row);
		});
		const offset = args.offset ?? 0;
		const limit = Math.min(args.limit ?? most, LIMIT_MOST);
		return found.slice(offset, offset + limit);
	}

	byKey(type, pk) {
		const {key} = TABLES[type];
		const wanted = key.length === 1 ? {[key[0]]: pk} : pk;
		const row = this.all(type).find((one) => key.every((column) =>
			this.compare(type, column, one[snake(column)],
				String(wanted[column])) === 0));
		if (!row)
			throw new GraphQLError(type + ' matching query does not exist.');
		return row;
	}

	/* ---- fields ---- */

	answer(type, name, text, named) {
		if (text === null)
			return null;
		if (this.labelsOf(type, name))
			return choice(text);
		return ANSWERS[named.name] ? ANSWERS[named.name](text) : text;
	}

	/* Sets `lost` when there is more in the schema than in here. */
	knows(type, name) {
		const about = TABLES[type];
		this.lost ||= !about
			|| !about.columns.includes(name) && !relation(type, name);
		return !this.lost;
	}

	root(name, args) {
		if (name === 'hello')
			return 'Hello World';
		if (LISTS[name])
			return this.list(LISTS[name], this.all(LISTS[name]), args, LIMIT);
		const type = name.replace(/ByPk$/, '');
		return this.knows(type, TABLES[type]?.key[0])
			? this.byKey(type, args.pk) : null;
	}

	resolve(row, args, context, info) {
		const {parentType, fieldName, returnType} = info;
		const type = parentType.name;
		if (type === 'QueryRoot')
			return this.root(fieldName, args);
		if (!this.knows(type, fieldName))
			return null;
		if (TABLES[type].columns.includes(fieldName))
			return this.answer(type, fieldName, row[snake(fieldName)],
				getNamedType(returnType));
		const {to, many} = relation(type, fieldName);
		const rows = this.follow(type, row, fieldName);
		return many ? this.list(to, rows, args, LIMIT_MOST) : rows[0] || null;
	}
}
