# nginx in front: its configuration from nginx/ and its process.  Sourced by
# spawn/instance.
# shellcheck shell=sh

edge_certificate() {
	[ ! -s "$VAR/tls/cert.pem" ] || return 0
	echo "Making a self-signed certificate for localhost" >&2
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 \
		-nodes -days 825 -subj /CN=localhost -addext \
		'subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1' \
		-keyout "$VAR/tls/key.pem" -out "$VAR/tls/cert.new" 2>/dev/null ||
		die "openssl could not make a certificate"
	chmod 600 "$VAR/tls/key.pem"
	mv "$VAR/tls/cert.new" "$VAR/tls/cert.pem"
}

edge_addresses() {
	if [ -n "${LISTEN-}" ]; then
		echo "$LISTEN"
	elif [ -e /proc/net/if_inet6 ] && grep -q ' lo$' /proc/net/if_inet6; then
		echo '127.0.0.1 [::1]'
	else
		echo 127.0.0.1
	fi
}

edge_listen() {
	for address in $(edge_addresses); do
		printf 'listen %s:%s backlog=4096; ' "$address" "$PORT"
		printf 'listen %s:%s ssl http2 backlog=4096; ' \
			"$address" "$TLS_PORT"
	done
}

# The lines of cors-list.conf for the origins in CORS.
edge_origins() {
	set -f # an origin is no pattern of file names
	for origin in $CORS; do
		[ "$origin" != '*' ] || die "CORS: '*' is no origin such as" \
			"https://app.example.org; to let every page call, write CORS=open"
		printf '%s' "$origin" |
			grep -Eqx 'https?://[a-z0-9.:-]+|https?://\[[0-9a-f:]+\](:[0-9]+)?' ||
			die "CORS: '$origin' is no origin such as https://app.example.org"
		# shellcheck disable=SC2016  # nginx's variable
		printf '\t"~^%s\\z" $http_origin;\n' \
			"$(printf '%s' "$origin" | sed 's/[].[]/\\&/g')"
	done
	set +f
}

edge_cors() {
	case ${CORS-} in
	open) cat "$TOP/nginx/cors-open.conf" ;;
	'' | default) cat "$TOP/nginx/cors-list.conf" ;;
	*)
		edge_origins >"$RUN/origins"
		sed -e "/# origins/r $RUN/origins" -e '/# origins/,/# end/d' \
			"$TOP/nginx/cors-list.conf"
		;;
	esac
}

# Copy the pieces, with the paths of the instance in place of a server's.
edge_pieces() {
	limited='&'
	[ "${RATE_LIMIT-}" != all ] || limited='1; #'
	odd='^$'
	grep -aqF max_headers "$NGINX" || odd='^max_headers'
	for piece in "$TOP"/nginx/*.conf; do
		case ${piece##*/} in
		cors-* | example.conf | reject.conf) continue ;;
		esac
		sed -e "s|unix:/run/postern|unix:$RUN|" \
			-e "s|/var/log/nginx/postern.log|$VAR/log/access.log|" \
			-e "/^[^#]/s|/etc/nginx/postern|$VAR/nginx|" \
			-e "s|0; # loopback|$limited|" -e "/$odd/d" \
			"$piece" >"$VAR/nginx/new/postern/${piece##*/}"
	done
	edge_cors >"$VAR/nginx/new/postern/cors.conf"
	edge_headers "$VAR/nginx/new/postern/fastcgi.conf"
}

# edge_headers FILE: pass on the headers that the settings call otherwise, too.
# Names that are none are left to the program, which refuses them.
edge_headers() {
	pools_asked | sed -nE \
		's/^POSTERN_(ACTION_HEADER|EVENT_HEADER|REMOTE_HEADER|JSONAPI_HEADERS)[ \t]*=//p' |
		tr -s '[:blank:]' '\n' | grep -Ex '[A-Za-z0-9-]+' |
		tr 'a-z-' 'A-Z_' | sort -u |
		while read -r name; do
			! grep -q "^fastcgi_param HTTP_$name " "$1" || continue
			# shellcheck disable=SC2016  # nginx expands it
			printf 'fastcgi_param HTTP_%s $http_%s if_not_empty;\n' \
				"$name" "$(echo "$name" | tr '[:upper:]' '[:lower:]')"
		done >"$RUN/headers"
	cat "$RUN/headers" >>"$1"
}

# The pages that were built.
edge_pages() {
	for page in docs redoc graphiql; do
		[ ! -d "$TOP/build/$page" ] ||
			edge_page "$page" "$TOP/build/$page"
	done
}

# edge_page NAME FOLDER: readable for nginx's workers.  Each file is replaced
# in one step: a running nginx serves them.  Others are of an older page.
edge_page() {
	install -d -m 0755 "$VAR/nginx/$1"
	for file in "$2"/*; do
		cmp -s "$file" "$VAR/nginx/$1/${file##*/}" && continue
		install -m 0644 "$file" "$VAR/nginx/page.new"
		mv "$VAR/nginx/page.new" "$VAR/nginx/$1/${file##*/}"
	done
	for file in "$VAR/nginx/$1"/*; do
		[ -e "$2/${file##*/}" ] || rm -f "$file"
	done
}

# The configuration as it should be, beside the one in force.  A certificate
# is part of it: nginx reads that only together with the rest.
edge_configure() {
	NGINX=$(command -v nginx) || die "nginx is not installed"
	edge_certificate
	rm -rf "$VAR/nginx/new"
	mkdir "$VAR/nginx/new" "$VAR/nginx/new/postern"
	edge_pieces
	sha256sum <"$VAR/tls/cert.pem" >"$VAR/nginx/new/postern/certificate"
	user=
	! is_root || user="user $OWNER $GROUP;"
	sed -e "s|@USER@|$user|" -e "s|@RUN@|$RUN|" -e "s|@VAR@|$VAR|" \
		-e "s|@LISTEN@|$(edge_listen)|" \
		"$TOP/nginx/nginx.conf.in" >"$VAR/nginx/new/nginx.conf"
}

edge_install() {
	edge_pages
	rm -rf "$VAR/nginx/postern"
	mv "$VAR/nginx/new/postern" "$VAR/nginx/postern"
	mv "$VAR/nginx/new/nginx.conf" "$VAR/nginx/nginx.conf"
	rmdir "$VAR/nginx/new"
}

edge_changed() {
	! cmp -s "$VAR/nginx/new/nginx.conf" "$VAR/nginx/nginx.conf" ||
		! diff -r "$VAR/nginx/new/postern" "$VAR/nginx/postern" >/dev/null 2>&1
}

# edge_nginx FOLDER [option ...]: with the nginx.conf of that folder.
edge_nginx() {
	conf=$1/nginx.conf
	shift
	nginx -p "$VAR/nginx/" -c "$conf" -e "$VAR/log/nginx.log" "$@" 9>&-
}

# A port that something listens on, as the kernel's table writes it.
edge_port_taken() {
	hex=$(printf '%04X' "$1")
	cat /proc/net/tcp /proc/net/tcp6 2>/dev/null |
		awk -v port=":$hex" '$4 == "0A" && $2 ~ port "$" { n++ }
			END { exit !n }'
}

edge_port_ours() {
	proc_pid nginx >/dev/null && grep -qs ":$1 " "$VAR/nginx/nginx.conf"
}

edge_check_port() {
	case $2 in
	'' | 0* | *[!0-9]* | ??????*) die "$1=$2 is no port number" ;;
	esac
	[ "$2" -le 65535 ] || die "$1=$2 is no port number"
	! edge_port_ours "$2" || return 0
	! edge_port_taken "$2" ||
		die "port $2 is in use by another program; say $1=<another>"
}

edge_check_ports() {
	edge_check_port PORT "$PORT"
	edge_check_port TLS_PORT "$TLS_PORT"
	[ "$PORT" -ne "$TLS_PORT" ] || die "PORT and TLS_PORT are the same"
}

edge_start() {
	edge_configure
	edge_install
	edge_nginx "$VAR/nginx" </dev/null >"$VAR/log/start.log" 2>&1 || {
		cat "$VAR/log/start.log" >&2
		die "nginx did not start"
	}
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		[ -s "$RUN/nginx.pid" ] && break
		sleep 0.05
	done
	proc_record nginx "$(cat "$RUN/nginx.pid")"
}

# A new configuration that nginx would take, or the old one and a reason.
edge_prepare() {
	edge_check_ports
	edge_configure
	edge_nginx "$VAR/nginx/new" -t -q >"$VAR/log/start.log" 2>&1 || {
		cat "$VAR/log/start.log" >&2
		die "the new configuration of nginx is wrong; the old one stays"
	}
}

# Put what edge_prepare made into force; done when the old workers of nginx
# accept no more.  HUP closes every idle connection, so that it is kept for
# when something has changed; else nginx only opens its logs again.
edge_reload() {
	pid=$(proc_pid nginx) || return 0
	if ! edge_changed; then
		edge_pages
		kill -USR1 "$pid"
		return 0
	fi
	edge_install
	before=$(proc_children "$pid")
	kill -HUP "$pid"
	for _ in $(seq 60); do
		sleep 0.05
		! edge_rolled "$pid" "$before" || return 0
	done
	rm -f "$VAR/nginx/postern/certificate" # the next reload tries again
	die "nginx keeps its old configuration; see $VAR/log/nginx.log"
}

# edge_rolled PID OLD: there are new workers, and the old ones leave.
edge_rolled() {
	fresh=
	for child in $(proc_children "$1"); do
		title=$({ tr '\0' ' ' <"/proc/$child/cmdline"; } 2>/dev/null) || :
		case $title in
		*'shutting down'*) continue ;;
		esac
		case " $2 " in
		*" $child "*) return 1 ;;
		esac
		fresh=yes
	done
	[ -n "$fresh" ] && sleep 0.02 # from the new title to the closed socket
}

# A little patience for answers under way, then none.
edge_stop() {
	if [ -n "${STARTING-}" ] && [ -s "$RUN/nginx.pid" ] &&
		[ ! -e "$RUN/nginx.proc" ]; then
		proc_record nginx "$(cat "$RUN/nginx.pid")"
	fi
	pid=$(proc_pid nginx) || return 0
	kill -QUIT "$pid" 2>/dev/null || :
	proc_wait nginx 20 && return 0
	kill -TERM "$pid" 2>/dev/null || :
	proc_wait nginx 30 || kill -KILL -- "-$pid" 2>/dev/null || :
}
