# The instance's own Postgres under VAR/pg, or the server that DATABASE_URL
# names.  Sourced by spawn/instance.
#
# The private cluster listens on a Unix socket only.  Its users are known by
# their system user (peer): the owner of the instance and root may be anyone,
# nobody else may connect.
# shellcheck shell=sh

OWNER_ROLE=postern_owner

database_is_ours() {
	[ -z "${DATABASE_URL-}" ]
}

# Connection string of the workers, and of the owner who migrates.
database_for_workers() {
	if database_is_ours; then
		echo "host=$RUN dbname=postern user=postern"
	else
		echo "$DATABASE_URL"
	fi
}

database_for_owner() {
	if database_is_ours; then
		echo "host=$RUN dbname=postern user=$OWNER_ROLE"
	else
		echo "${MIGRATE_URL:-$DATABASE_URL}"
	fi
}

# What the caller's environment says about some other server is not for ours.
database_environment() {
	database_is_ours || return 0
	unset PGHOST PGHOSTADDR PGPORT PGDATABASE PGUSER PGPASSWORD PGPASSFILE \
		PGSERVICE PGSERVICEFILE PGOPTIONS PGSSLMODE PGREQUIRESSL
}

# The programs of the version that made the cluster, else of the newest.
database_programs() {
	version='*'
	[ ! -r "$VAR/pg/PG_VERSION" ] || read -r version <"$VAR/pg/PG_VERSION"
	# shellcheck disable=SC2086  # the pattern has to expand
	for dir in $(printf '%s\n' /usr/lib/postgresql/$version/bin | sort -V); do
		[ ! -x "$dir/initdb" ] || PGBIN=$dir
	done
	[ -n "${PGBIN-}" ] ||
		die "$VAR/pg needs Postgres $version, which is not installed"
}

database_init() {
	[ ! -d "$VAR/pg" ] || return 0
	echo "Making a database cluster in $VAR/pg" >&2
	rm -rf "$VAR/pg.new"
	as_owner "$PGBIN/initdb" -D "$VAR/pg.new" -U postgres -E UTF8 \
		--locale=C.UTF-8 --auth=peer --no-instructions \
		>"$VAR/log/initdb.log" 2>&1 ||
		die "initdb failed: $(tail -n 3 "$VAR/log/initdb.log")"
	mv "$VAR/pg.new" "$VAR/pg"
}

# A quarter of the memory that we may use, but no less than Postgres takes by
# itself, and no more than a machine that does other things too can spare.
database_memory() {
	{
		awk '/^MemTotal:/ { print $2 * 1024 }' /proc/meminfo
		cat /sys/fs/cgroup/memory.max \
			/sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null
	} | awk '/^[0-9]/ && (!n || $1 < n) { n = $1 }
		END {
			mb = int(n / 4 / 1048576)
			print (mb < 128 ? 128 : mb > 2048 ? 2048 : mb) "MB"
		}'
}

database_configure() {
	as_owner tee "$VAR/pg/postgresql.conf" >/dev/null <<-EOF
		# Made by spawn/instance at every start.
		listen_addresses = ''
		unix_socket_directories = '$RUN'
		unix_socket_permissions = 0700
		max_connections = 200
		shared_buffers = ${SHARED_BUFFERS:-$(database_memory)}
		jit = off
		log_destination = stderr
		log_line_prefix = '%m [%p] %q%u '
		log_timezone = UTC
		timezone = UTC
	EOF
	as_owner tee "$VAR/pg/pg_hba.conf" >/dev/null <<-EOF
		local all all peer map=instance
	EOF
	as_owner tee "$VAR/pg/pg_ident.conf" >/dev/null <<-EOF
		$(database_ident "$OWNER")
		$(database_ident root)
	EOF
}

database_ident() {
	for role in postgres "$OWNER_ROLE" postern; do
		echo "instance $1 $role"
	done
}

database_runs() {
	[ -d "$VAR/pg" ] && [ -n "${PGBIN-}" ] &&
		as_owner "$PGBIN/pg_ctl" -D "$VAR/pg" status >/dev/null 2>&1
}

database_start() {
	database_is_ours || return 0
	database_programs
	database_init
	database_runs && return 0
	database_configure
	if ! as_owner "$PGBIN/pg_ctl" -D "$VAR/pg" \
		-l "$VAR/log/postgres.log" -w -t 60 -s start </dev/null >"$VAR/log/pg_ctl.log" 2>&1 9>&-; then
		tail -n 5 "$VAR/log/postgres.log" >&2 || :
		die "Postgres did not start; see $VAR/log/postgres.log"
	fi
}

database_stop() {
	[ -d "$VAR/pg" ] || return 0
	database_programs
	tries=20
	# A start that was cut off may not have written its pid yet.
	while [ -n "${STARTING-}" ] && [ "$tries" -gt 0 ] && ! database_runs; do
		tries=$((tries - 1))
		sleep 0.05
	done
	database_runs || return 0
	# From a folder that the owner may enter: pg_ctl grumbles otherwise.
	(
		cd /
		as_owner "$PGBIN/pg_ctl" -D "$VAR/pg" -m fast -w -t 20 -s stop ||
			as_owner "$PGBIN/pg_ctl" -D "$VAR/pg" -m immediate -w -s stop
	) || :
}

# psql for the scripts: no start file, stop at the first error.
database_psql() {
	psql -X -q -v ON_ERROR_STOP=1 -v VERBOSITY=terse "$@"
}

database_roles() {
	database_is_ours || return 0
	database_psql "host=$RUN dbname=postgres user=postgres" <<-EOF
		set client_min_messages = warning;
		select format('create role %I login createrole', '$OWNER_ROLE')
		where not exists (select from pg_roles where rolname = '$OWNER_ROLE') \gexec
		select 'create role postern login noinherit'
		where not exists (select from pg_roles where rolname = 'postern') \gexec
		select format('create database postern owner %I', '$OWNER_ROLE')
		where not exists (select from pg_database where datname = 'postern') \gexec
	EOF
}

# The workers' role may become any of those that a request runs as.
database_grants() {
	database_is_ours || return 0
	database_psql "host=$RUN dbname=postgres user=postgres" <<-EOF
		set client_min_messages = error;
		grant postern_anonymous, postern_member, postern_admin, postern_auth
		to postern;
	EOF
}

database_migrate() {
	database_roles
	# shellcheck disable=SC2086  # a list of folders
	"$TOP/sql/migrate" "$(database_for_owner)" ${MIGRATIONS-} \
		>"$VAR/log/migrate.log" 2>&1 || {
		cat "$VAR/log/migrate.log" >&2
		die "the database could not be migrated"
	}
	grep '^Applied' "$VAR/log/migrate.log" >&2 || :
	database_grants
}
