# Where an instance keeps its things, as whom it runs, and how it ends what it
# started.  Sourced by spawn/instance; sets and reads its globals:
#
#   VAR     the state folder (absolute, physical)
#   RUN     a short folder for sockets and pids, gone when the instance stops
#   OWNER   the user of Postgres, workers and nginx workers
# shellcheck shell=sh

die() {
	echo "postern: $*" >&2
	exit 1
}

is_root() {
	[ "$(id -u)" -eq 0 ]
}

# Run a command as the owner of the instance.
as_owner() {
	if is_root; then
		setpriv --reuid="$OWNER" --regid="$GROUP" --init-groups -- "$@"
	else
		"$@"
	fi
}

# The same in place of this (sub)shell, whose pid then is the command's.
exec_as_owner() {
	if is_root; then
		exec setpriv --reuid="$OWNER" --regid="$GROUP" --init-groups -- "$@"
	else
		exec "$@"
	fi
}

# Root lends its instance to a user of its own; Postgres refuses root anyway.
state_owner() {
	if is_root; then
		OWNER=${POSTERN_USER:-postern}
		id -u "$OWNER" >/dev/null 2>&1 || state_make_user
	else
		OWNER=$(id -un)
	fi
	GROUP=$(id -gn "$OWNER")
}

state_make_user() {
	echo "Making the system user $OWNER, as root is not to serve requests." >&2
	useradd --system --user-group --no-create-home \
		--home-dir /nonexistent --shell /usr/sbin/nologin "$OWNER" ||
		id -u "$OWNER" >/dev/null || die "cannot make the user $OWNER"
}

state_hash() {
	printf %s "$1" | sha256sum | cut -c1-12
}

# Sets VAR to an absolute path; makes nothing.
state_find() {
	VAR=${VAR:-var}
	case $VAR in
	/*) ;;
	*) VAR=$PWD/$VAR ;;
	esac
	[ ! -d "$VAR" ] || VAR=$(cd "$VAR" && pwd -P)
	if [ -L "$VAR/run" ]; then
		RUN=$(readlink "$VAR/run")
	else
		RUN=
	fi
}

# Make the state folder; where the owner cannot go (a checkout in /root), keep
# the state in /var/lib and leave a link.
state_make() {
	umask 022
	mkdir -p "$VAR" || die "cannot make the state folder $VAR"
	umask 027
	[ -w "$VAR" ] || die "the state folder $VAR is not yours to write"
	if is_root; then
		state_reachable || state_move
		chown "$OWNER:$GROUP" "$VAR"
	fi
	VAR=$(cd "$VAR" && pwd -P)
	for dir in bin log nginx nginx/tmp tls; do
		state_dir "$VAR/$dir"
	done
	state_make_run
}

# state_dir FOLDER [MODE]
state_dir() {
	if is_root; then
		install -d -m "${2:-0750}" -o "$OWNER" -g "$GROUP" "$1"
	else
		install -d -m "${2:-0750}" "$1"
	fi
}

# What only the workers may see: keys, mails, and what they lock.
state_private() {
	for dir in keys locks mail; do
		state_dir "$VAR/$dir" 0700
	done
}

# The key that signs tokens, made once: who has one is not signed out by a
# start.
state_key() {
	[ ! -e "$VAR/keys/auth.key" ] || return 0
	echo "Making a key for tokens in $VAR/keys" >&2
	# shellcheck disable=SC2016  # the inner shell expands
	as_owner sh -c 'umask 077 && rm -f "$1.new" &&
		openssl rand -base64 32 | tr +/ -_ | tr -d = >"$1.new" &&
		test -s "$1.new" && mv "$1.new" "$1"' sh "$VAR/keys/auth.key" ||
		die "openssl could not make a key"
}

state_reachable() {
	[ "$(stat -c %U "$VAR")" = "$OWNER" ] || chown "$OWNER:$GROUP" "$VAR"
	as_owner test -w "$VAR" -a -x "$VAR" 2>/dev/null
}

state_move() {
	target=/var/lib/postern/$(state_hash "$VAR")
	echo "$OWNER cannot enter $VAR; its contents go to $target." >&2
	rmdir "$VAR" 2>/dev/null ||
		die "$VAR is not empty and user $OWNER cannot enter it"
	(umask 022 && mkdir -p /var/lib/postern)
	mkdir -p "$target"
	ln -s "$target" "$VAR"
}

# A socket's path has room for 107 bytes, so sockets do not live under VAR.
state_make_run() {
	[ -n "$RUN" ] || RUN=$(state_run_base)/postern-$(state_hash "$VAR")
	if [ -e "$RUN" ] || [ -L "$RUN" ]; then
		[ "$(stat -c '%F %U' "$RUN")" = "directory $OWNER" ] ||
			die "$RUN is in the way and belongs to someone else"
	fi
	state_dir "$RUN"
	ln -sfn "$RUN" "$VAR/run"
}

state_run_base() {
	if is_root && [ -w /run ]; then
		echo /run
	elif ! is_root && [ -w "${XDG_RUNTIME_DIR:-/nonexistent}" ] &&
		[ ${#XDG_RUNTIME_DIR} -lt 60 ]; then
		echo "$XDG_RUNTIME_DIR"
	else
		echo /tmp
	fi
}

state_forget_run() {
	[ -n "$RUN" ] && [ -d "$RUN" ] || return 0
	rm -rf "$RUN"
	rm -f "$VAR/run"
}

# One command at a time per instance; the lock goes with this process.
state_lock() {
	exec 9>"$VAR/lock"
	flock -w 60 9 || die "another command is busy with $VAR"
}

# --- What was asked for at start, for the commands that come later ----------
SAVED='PORT TLS_PORT WORKERS DATABASE_URL MIGRATE_URL MIGRATIONS CORS LISTEN
	RATE_LIMIT SHARED_BUFFERS POSTERN_BIN'

state_save() {
	(
		umask 077
		for name in $SAVED; do
			eval "printf '%s=%s\n' $name \"\${$name-}\""
		done >"$RUN/asked"
		state_given >>"$RUN/asked"
	)
	chmod 600 "$RUN/asked"
}

# The program's own settings that came as variables, by now or at the start.
state_given() {
	env | grep '^POSTERN_[A-Z0-9_]*=' |
		grep -Ev '^POSTERN_(BIN|USER|CONFIG|TEST_[A-Z_]*)=' || :
	# The engine's, whose JSON may be on several lines; the file has one.
	[ -z "${HASURA_GRAPHQL_JWT_SECRET+x}" ] ||
		printf 'HASURA_GRAPHQL_JWT_SECRET=%s\n' \
			"$(printf '%s' "$HASURA_GRAPHQL_JWT_SECRET" | tr '\n' ' ')"
}

# A variable that is given now wins over the one of the start; one of the
# program's own settings also with nothing in it.
state_recall() {
	[ -n "$RUN" ] && [ -r "$RUN/asked" ] || return 0
	while IFS= read -r line; do
		name=${line%%=*}
		# shellcheck disable=SC2034  # used by the eval
		value=${line#*=}
		case ${name#POSTERN_BIN} in
		POSTERN_* | HASURA_GRAPHQL_JWT_SECRET)
			eval "[ -n \"\${$name+x}\" ] || export $name=\"\$value\""
			;;
		*)
			eval "[ -n \"\${$name-}\" ] || $name=\$value"
			;;
		esac
	done <"$RUN/asked"
}

# --- Processes: a pid file holds the pid and when that process began, so that
# --- a number which was given to someone else since is left alone.
proc_began() {
	sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20
}

proc_record() {
	echo "$2 $(proc_began "$2")" >"$RUN/$1.proc"
}

# Print the pid if that process still runs.
proc_pid() {
	[ -n "$RUN" ] && [ -r "$RUN/$1.proc" ] || return 1
	read -r pid began <"$RUN/$1.proc" || return 1
	[ -n "$began" ] && [ "$(proc_began "$pid")" = "$began" ] || return 1
	case $(sed 's/.*) //' "/proc/$pid/stat" 2>/dev/null) in
	Z* | '') return 1 ;;
	esac
	echo "$pid"
}

proc_children() {
	cat "/proc/$1/task/$1/children" 2>/dev/null || :
}

# proc_wait NAME TENTHS: true when it has ended in time.
proc_wait() {
	tenths=$2
	while proc_pid "$1" >/dev/null; do
		[ "$tenths" -gt 0 ] || return 1
		tenths=$((tenths - 1))
		sleep 0.1
	done
}
