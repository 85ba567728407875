#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/keys_key.h"

/* ---- files ---- */

/* As much as fits; -1 when that fails. */
static ssize_t
read_whole(int fd, char *p, size_t size)
{
	size_t n = 0;
	ssize_t got;

	while (n < size && (got = read(fd, p + n, size - n)) != 0) {
		if (got < 0)
			return -1;
		n += (size_t)got;
	}
	return (ssize_t)n;
}

/* NULL, or why the text of that file cannot be taken. */
static const char *
take_file(int fd, struct str room, struct str *ret)
{
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return "is no file";
	if (st.st_mode & S_IRWXO)
		return "is open to others: chmod o-rwx it";
	n = read_whole(fd, (char *)room.p, room.n);
	if (n < 0)
		return "cannot be read";
	if (n > KEYS_FILE_MAX)
		return "is too large for a key";
	*ret = (struct str){room.p, (size_t)n};
	return NULL;
}

static const char *
read_file(struct arena *own, const char *path, struct str *ret)
{
	struct str room = keys_key_keep(own, KEYS_FILE_MAX + 1);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	const char *wrong;

	if (fd < 0)
		return "cannot be read";
	wrong = take_file(fd, room, ret);
	close(fd);
	return wrong;
}

/* ---- keys in PEM ---- */

static void
free_pkey(void *p)
{
	EVP_PKEY_free(p);
}

static void
free_bio(void *p)
{
	BIO_free(p);
}

/* There is nobody to ask for the password of a key. */
static int
no_password(char *room, int size, int writing, void *ctx)
{
	(void)room;
	(void)size;
	(void)writing;
	(void)ctx;
	return -1;
}

static EVP_PKEY *
next_pkey(struct arena *own, BIO *bio)
{
	EVP_PKEY *pkey = PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL);

	if (pkey)
		arena_defer(own, free_pkey, pkey);
	ERR_clear_error();
	return pkey;
}

const char *
keys_read_pem(struct keys_key *key, struct str text)
{
	BIO *bio = BIO_new_mem_buf(text.p, (int)text.n);

	if (!bio)
		return "cannot be read";
	arena_defer(key->own, free_bio, bio);
	key->pkey = next_pkey(key->own, bio);
	if (!key->pkey)
		return "holds no private key that is readable without a "
		       "password";
	if (next_pkey(key->own, bio))
		return "holds two keys: one file for each";
	return keys_pkey_accept(key);
}

/* ---- secrets ---- */

static bool
has_control(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f)
			return true;
	return false;
}

/* Blanks around the line are an editor's. */
static const char *
read_line(struct keys_key *key, struct str text)
{
	struct str line = str_cut(&text, '\n');

	if (line.n && line.p[line.n - 1] == '\r')
		line.n--;
	line = str_trim(line);
	if (!str_utf8(line) || has_control(line))
		return "is neither a key in PEM nor a line of text";
	if (str_trim(text).n)
		return "holds more than a line";
	if (str_points(line) < KEYS_SECRET_MIN)
		return "holds less than 32 characters";
	if (keys_key_is_guessed(line))
		return "holds what anybody would guess";
	key->algorithm = JWT_HS256;
	key->secret = line;
	return NULL;
}

/* ---- the ring ---- */

static bool
has_begin(struct str text)
{
	struct str begin = STR("-----BEGIN ");

	while (text.n) {
		if (str_starts(str_cut(&text, '\n'), begin))
			return true;
	}
	return false;
}

/* `from`: where those of files begin. */
static const char *
add_key(struct keys *keys, int from, const char *path)
{
	struct keys_key *key = &keys->key[keys->n];
	struct str text = STR("");
	const char *wrong = read_file(keys->own, path, &text);

	if (wrong)
		return wrong;
	key->own = keys->own;
	wrong = has_begin(text) ? keys_read_pem(key, text)
				: read_line(key, text);
	if (wrong)
		return wrong;
	if (!keys_key_open(key))
		return "holds a key that does not verify what it signs";
	for (int i = 0; i < keys->n; i++) {
		if (!str_eq(keys->key[i].kid, key->kid))
			continue;
		if (i >= from)
			return "holds the same key as another file";
		*key = (struct keys_key){0};
		return NULL;
	}
	keys->n++;
	return NULL;
}

struct err *
keys_add_files(struct arena *a, struct str paths, struct keys *keys)
{
	int from = keys->n;

	while (paths.n) {
		struct str path = arena_str(a, str_cut(&paths, ' '));
		const char *wrong = NULL;

		if (!path.n)
			continue;
		if (keys->n - from == KEYS_MAX)
			return err_new(a, ERR_INTERNAL,
				       "POSTERN_KEYS names more than %d files",
				       KEYS_MAX);
		wrong = add_key(keys, from, path.p);
		if (wrong)
			return err_new(a, ERR_INTERNAL,
				       "POSTERN_KEYS: %s %s (make a key with: "
				       "umask 077; postern key > FILE)",
				       path.p, wrong);
	}
	return NULL;
}
