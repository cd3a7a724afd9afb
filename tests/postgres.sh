# Sourced by ./test and bench/run, which have `fail`: a PostgreSQL of our own. Other clusters of this machine are never touched: ours
# has its own directory, port, socket and password.

# start_postgres DIRECTORY [-c NAME=VALUE]…: makes a cluster in a new directory with this beginning, starts it with these settings and
# sets `postgres_url`. After find_postgres.
start_postgres() {
    local directory=$1
    shift
    # Variables that lead a client to some other server.
    unset "${!PG@}"
    # Not in TMPDIR: another user must be able to reach it, and the path of a socket is short.
    cluster=$(mktemp -d "$directory.XXXXXX")
    local password port
    password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
    printf '%s' "$password" > "$cluster/password"
    [[ $EUID -ne 0 ]] || chown -R postgres "$cluster"
    as_postgres initdb --pgdata="$cluster/data" --username=doorward --pwfile="$cluster/password" \
        --auth=scram-sha-256 --encoding=UTF8 --no-locale > "$cluster/log" 2>&1 \
        || fail "initdb failed: $(cat "$cluster/log")"
    for _ in {1..20}; do
        # Below the ports that the kernel hands out, so that no client of ours gets it in between.
        port=$((20000 + RANDOM % 12000))
        (: <> "/dev/tcp/127.0.0.1/$port") 2> /dev/null && continue
        if as_postgres pg_ctl start --wait --silent --pgdata="$cluster/data" --log="$cluster/data/log" --options="-p $port \
            -c listen_addresses=127.0.0.1 -c unix_socket_directories=$cluster $*" > "$cluster/log" 2>&1; then
            postgres_url="postgres://doorward:$password@127.0.0.1:$port/postgres"
            return
        fi
    done
    fail "PostgreSQL did not start: $(cat "$cluster/log" "$cluster/data/log" 2> /dev/null)"
}

stop_postgres() {
    [[ -n ${cluster:-} ]] || return 0
    as_postgres pg_ctl stop --mode=immediate --silent --pgdata="$cluster/data" > /dev/null 2>&1 || true
    rm -rf "$cluster"
}

# PostgreSQL refuses to run as root.
as_postgres() {
    local program=$1
    shift
    if [[ $EUID -eq 0 ]]; then
        (cd / && runuser -u postgres -- "$postgres_bin/$program" "$@")
    else
        "$postgres_bin/$program" "$@"
    fi
}

find_postgres() {
    local initdb
    initdb=$(printf '%s\n' /usr/lib/postgresql/*/bin/initdb | sort --version-sort | tail -n 1)
    [[ -x $initdb ]] || initdb=$(command -v initdb) || return 1
    postgres_bin=$(dirname "$initdb")
}
