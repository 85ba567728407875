/*
 * A moment that is accepted prints as one that reads back as the same
 * instant; so does every instant and date of the years that we read.
 */
#include "core/moment.h"

#include "fuzz.h"

static const int64_t first_us = -63082281600000000; /* 0001-01-01 */
static const int64_t after_us = 252455616000000000; /* 10000-01-01 */
static const int64_t day_us = 86400 * 1000000LL;

static struct buf out;

static void
there_and_back(int64_t us)
{
	int64_t again = 0;

	buf_clear(&out);
	moment_print(&out, us, STR("+00:00"));
	MUST(!out.broken && out.n >= 8);
	if (us < first_us || us >= after_us)
		return;
	MUST(moment_read(buf_str(&out), &again));
	MUST(again == us);
	MUST(moment_is_local(buf_str(&out)));
}

static void
date_and_back(int32_t days)
{
	bool ours = days >= first_us / day_us && days < after_us / day_us;
	int64_t us = 0;

	buf_clear(&out);
	moment_print_date(&out, days);
	MUST(moment_is_date(buf_str(&out)) == ours);
	if (!ours)
		return;
	BUF_LIT(&out, " 00:00Z");
	MUST(moment_read(buf_str(&out), &us));
	MUST(us == days * day_us);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy = malloc(size);
	struct str text = {copy, size};
	int64_t us = 0;
	int32_t days = 0;

	out = buf_new(256);
	if (size)
		memcpy(copy, data, size);
	if (moment_read(text, &us)) {
		MUST(us > first_us - day_us && us < after_us + day_us);
		MUST(moment_is_local(text));
		there_and_back(us);
	}
	if (size >= sizeof(us)) {
		memcpy(&us, data, sizeof(us));
		memcpy(&days, data, sizeof(days));
		there_and_back(us);
		there_and_back(us % after_us);
		date_and_back(days);
		date_and_back(days % 3000000);
	}
	moment_is_date(text);
	free(copy);
	buf_free(&out);
	return 0;
}
