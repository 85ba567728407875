#include "core/print.h"

#include "core/type.h"

void
print_value(struct buf *b, const struct column *column, struct str value)
{
	if (value.p)
		column->type->print(b, value);
	else
		BUF_LIT(b, "null");
}

/* Print a member; return the columns that it did not use up. */
static const struct str *print_object(struct buf *b, const struct shape *shape,
				      const struct str *columns);

/*
 * A linked object: one column says whether there is a row, its members
 * follow.  They are skipped, not printed, where there is none.
 */
static const struct str *
print_link(struct buf *b, const struct shape *shape, const struct str *columns)
{
	size_t before = b->n;
	bool there = columns[0].n && columns[0].p[0];

	columns = print_object(b, shape, columns + 1);
	if (there || b->broken)
		return columns;
	b->n = before;
	BUF_LIT(b, "null");
	return columns;
}

static const struct str *
print_object(struct buf *b, const struct shape *shape,
	     const struct str *columns)
{
	for (size_t i = 0; i < shape->n; i++) {
		const struct field *f = &shape->fields[i];

		buf_put(b, f->label);
		if (f->column)
			print_value(b, f->column, *columns++);
		else
			columns = print_link(b, f->object, columns);
	}
	buf_put(b, shape->n ? STR("}") : STR("{}"));
	return columns;
}

void
print_row(struct buf *b, const struct shape *shape, const struct str *columns)
{
	print_object(b, shape, columns);
}
