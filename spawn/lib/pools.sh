# The pools: spawn-fcgi binds a socket and becomes `postern pool NAME`, which
# keeps the socket and looks after its workers.  The courier, whom nobody asks
# for anything, has no socket.  Sourced by spawn/instance.
# shellcheck shell=sh

POOLS='api auth bulk courier'

# The instance runs a copy, so that a build that fails half way, or
# `make clean`, is nothing to it.  Renamed into place: a supervisor that
# executes it again finds the old one or the new one.
pools_install() {
	bin=${POSTERN_BIN:-$TOP/build/release/postern}
	[ -x "$bin" ] || die "there is no $bin; run make"
	pools_templates
	cmp -s "$bin" "$VAR/bin/postern" && return 0
	install -m 0755 "$bin" "$VAR/bin/postern.new"
	mv "$VAR/bin/postern.new" "$VAR/bin/postern"
}

# Those of mails, where the copy looks for them.
pools_templates() {
	for dir in share share/postern share/postern/mail; do
		state_dir "$VAR/$dir" 0755
	done
	for file in "$TOP"/spawn/mail/*; do
		name=${file##*/}
		cmp -s "$file" "$VAR/$dir/$name" && continue
		install -m 0644 "$file" "$VAR/$dir/.$name"
		mv "$VAR/$dir/.$name" "$VAR/$dir/$name"
	done
}

# What one asks for: settings, and the variables that triggers of events name.
pools_asked() {
	[ ! -r "$VAR/settings" ] ||
		grep -E '^(POSTERN_|[A-Za-z_][A-Za-z0-9_]*[[:blank:]]*=)' \
			"$VAR/settings" || :
	state_given
}

# All settings in one file, so that a pool that is told to reload reads the
# new ones: what the instance knows, then VAR/settings, then the environment;
# of several lines with one name the last counts.  A file that the program
# does not like is not put into force.
pools_configure() {
	state_private
	# What is no origin is refused in the words of CORS.
	case ${CORS-} in
	http*) edge_origins >/dev/null ;;
	esac
	{
		echo "POSTERN_DATABASE=$(database_for_workers)"
		echo "POSTERN_WORKERS=${WORKERS:-2}"
		echo "POSTERN_BASE_URL=http://localhost:$PORT"
		# The tutorial's application, which stands before our auth server.
		echo "POSTERN_REDIRECTS=http://localhost:8000"
		case ${CORS-} in
		http*) echo "POSTERN_ORIGINS=$CORS" ;;
		esac
		# The tutorial's; not for a server, and the program says so.
		echo "POSTERN_ADMIN_SECRET=admin"
		echo "POSTERN_STATE=$VAR"
		echo "POSTERN_KEYS=$VAR/keys/auth.key"
		pools_asked
	} | awk -F '[ \t]*=' '{ last[$1] = $0 } END { for (n in last) print last[n] }' |
		sort >"$RUN/postern.conf.new"
	chmod 0600 "$RUN/postern.conf.new"
	! is_root || chown "$OWNER:$GROUP" "$RUN/postern.conf.new"
	! grep -qFx "POSTERN_KEYS=$VAR/keys/auth.key" "$RUN/postern.conf.new" ||
		state_key
	as_owner env -i POSTERN_CONFIG="$RUN/postern.conf.new" \
		"$VAR/bin/postern" check --config >"$VAR/log/check.log" 2>&1 || {
		cat "$VAR/log/check.log" >&2
		die "the settings are wrong; nothing was changed"
	}
	pools_same_database || pools_check_database
	mv "$RUN/postern.conf.new" "$RUN/postern.conf"
}

# The one in force may be down for a while; a new one has to answer.
pools_same_database() {
	[ -r "$RUN/postern.conf" ] &&
		[ "$(grep -E '^POSTERN_(DATABASE|ROLE)=' "$RUN/postern.conf")" = \
			"$(grep -E '^POSTERN_(DATABASE|ROLE)=' "$RUN/postern.conf.new")" ]
}

# As the workers will do it.  The log is JSON, its first line the reason.
pools_check_database() {
	as_owner env -i LANG=C.UTF-8 POSTERN_LANES=1 \
		POSTERN_CONFIG="$RUN/postern.conf.new" \
		"$VAR/bin/postern" check >"$VAR/log/check.log" 2>&1 && return 0
	sed -n 's/.*"message":"\(no database: .*\)"}$/\1/p' "$VAR/log/check.log" |
		sed -e 's/\\"/"/g' -e 's/\(\\[nt]\)\{1,\}/ /g' -e q >&2
	grep -v '^{' "$VAR/log/check.log" >&2 || :
	! grep -q 'permission denied to set role' "$VAR/log/check.log" ||
		echo "postern: grant postern_anonymous, postern_member," \
			"postern_admin, postern_auth to $(pools_user);" >&2
	die "the workers cannot use this database"
}

pools_user() {
	conninfo=$(sed -n 's/^POSTERN_DATABASE=//p' "$RUN/postern.conf.new")
	as_owner env -i PATH="$PATH" psql -X -At \
		-c "select quote_ident(session_user)" "$conninfo" 2>/dev/null ||
		echo USER
}

# A password hash takes a core for itself, so there is a worker for each, and
# they give way to everybody else.  Long lists are rare: a few do.
pool_workers() {
	case $1 in
	auth) echo "POSTERN_WORKERS=${AUTH_WORKERS:-$(nproc)}" ;;
	bulk) echo "POSTERN_WORKERS=${BULK_WORKERS:-2}" ;;
	esac
}

pool_nice() {
	case $1 in
	auth) echo 15 ;;
	*) echo 0 ;;
	esac
}

pool_start() {
	proc_pid "pool-$1" >/dev/null && return 0
	pool=$1
	FRESH="${FRESH-} $pool "
	rm -f "$RUN/$pool.sock"
	set -- "$VAR/bin/postern" pool "$pool"
	[ "$pool" = courier ] ||
		set -- spawn-fcgi -n -s "$RUN/$pool.sock" -M 0660 -b 4096 -- "$@"
	# shellcheck disable=SC2046  # nothing, or one NAME=value
	# A session of its own is a group of its own for the scheduler, within
	# which alone nice counts: the group has to be told, too, and hears of it
	# ten times a second at most.
	# shellcheck disable=SC2016  # the inner shell expands
	exec_as_owner setsid nice -n "$(pool_nice "$pool")" sh -c '
			[ "$0" = 0 ] || for _ in 1 2 3 4 5; do
				{ echo "$0" >/proc/self/autogroup; } 2>/dev/null &&
					break
				[ -e /proc/self/autogroup ] || break
				sleep 0.11
			done
			exec "$@"' "$(pool_nice "$pool")" \
		env -i PATH="$PATH" LANG=C.UTF-8 TZ=UTC \
		ASAN_OPTIONS="${ASAN_OPTIONS-}" UBSAN_OPTIONS="${UBSAN_OPTIONS-}" \
		SSL_CERT_FILE="${SSL_CERT_FILE-}" \
		POSTERN_CONFIG="$RUN/postern.conf" $(pool_workers "$pool") \
		"$@" </dev/null >>"$VAR/log/$pool.log" 2>&1 9>&- &
	proc_record "pool-$pool" $!
}

# With workers it is past the point where a signal would have killed it.  On a
# busy machine the auth pool, which gives way to all, takes its time.
pool_wait_for_workers() {
	for _ in $(seq 600); do
		pid=$(proc_pid "pool-$1") || break
		[ -z "$(proc_children "$pid")" ] || return 0
		sleep 0.05
	done
	tail -n 5 "$VAR/log/$1.log" >&2 || :
	die "the pool $1 did not start; see $VAR/log/$1.log"
}

# Where mails become files, or nothing.
pools_mail_files() {
	grep -q '^POSTERN_SMTP=.' "$RUN/postern.conf" ||
		sed -n 's|^POSTERN_STATE=\(.*\)|\1/mail|p' "$RUN/postern.conf"
}

pools_start() {
	for pool in $POOLS; do
		pool_start "$pool"
	done
	for pool in $POOLS; do
		pool_wait_for_workers "$pool"
	done
}

# New workers take over before the old ones leave; done when these are gone.
# A pool that was only just started is new enough.
pools_roll() {
	OLD=
	for pool in $POOLS; do
		case ${FRESH-} in
		*" $pool "*) continue ;;
		esac
		pid=$(proc_pid "pool-$pool") || continue
		OLD="$OLD $pool"
		proc_children "$pid" >"$RUN/$pool.before"
		kill -HUP "$pid"
	done
	for pool in $OLD; do
		pid=$(proc_pid "pool-$pool") || continue
		pool_wait_for_roll "$pool" "$pid" ||
			echo "postern: $pool still has old workers" >&2
		rm -f "$RUN/$pool.before"
	done
}

pool_wait_for_roll() {
	tenths=150
	while [ "$tenths" -gt 0 ]; do
		pool_rolled "$1" "$2" && return 0
		tenths=$((tenths - 1))
		sleep 0.1
	done
	return 1
}

pool_rolled() {
	now=$(proc_children "$2")
	[ -n "$now" ] || return 1
	read -r before <"$RUN/$1.before" || :
	for child in $before; do
		case " $now " in
		*" $child "*) return 1 ;;
		esac
	done
}

# TERM drains.  A supervisor that does not end takes its group with it.
pools_stop() {
	for pool in $POOLS; do
		! pid=$(proc_pid "pool-$pool") || kill -TERM "$pid" 2>/dev/null || :
	done
	for pool in $POOLS; do
		proc_wait "pool-$pool" 130 || {
			pid=$(proc_pid "pool-$pool") || continue
			kill -KILL -- "-$pid" 2>/dev/null || :
		}
	done
}
