# shellcheck shell=bash
# Sourced by the system tests, with the septet command as first argument. The test begins again in a network namespace
# of its own, where the kernel's end of tap0 is 10.7.0.1 and fd07::1, and Septet's end is 10.7.0.2 and fd07::2. The
# namespace goes with its last process; whatever `start` started is ended with the test.
set -u
export LC_ALL=C.UTF-8
septet=$(realpath "$1")

skip()
{
    echo "skipped: $*"
    exit 77
}

need()
{
    local tool
    for tool in "$@"; do
        command -v "$tool" >/dev/null || skip "no $tool here"
    done
}

PATH=$PATH:/usr/sbin:/sbin
if [ -z "${SEPTET_NAMESPACE:-}" ]; then
    need ip unshare
    export SEPTET_NAMESPACE=1
    if unshare --net true 2>/dev/null; then
        exec unshare --net "$BASH" "$0" "$@"
    elif unshare --user --map-root-user --net true 2>/dev/null; then
        exec unshare --user --map-root-user --net "$BASH" "$0" "$@"
    fi
    skip "neither root nor unprivileged user namespaces: no network namespace to test in"
fi

# In memory where there are 4 GiB of it, so that no disk is measured.
parent=${TMPDIR:-/tmp}
[ "$(df --output=avail /dev/shm 2>/dev/null | tail -n 1)" -gt 4194304 ] 2>/dev/null && parent=/dev/shm
directory=$(mktemp -d "$parent/septet-system-XXXXXX")
started=()
failures=0

clean_up()
{
    local pid
    for pid in "${started[@]}"; do
        kill "$pid" 2>/dev/null
    done
    for pid in "${started[@]}"; do
        wait "$pid" 2>/dev/null
    done
    rm -rf "$directory"
}
trap clean_up EXIT
trap 'exit 1' INT TERM

# start NAME COMMAND...: in the background, output in NAME.out and NAME.err; its PID is in $pid.
start()
{
    local name=$1
    shift
    "$@" >"$directory/$name.out" 2>"$directory/$name.err" </dev/null &
    pid=$!
    started+=("$pid")
}

# stop PID: interrupts what was started and waits for it; its status.
stop()
{
    kill -INT "$1" 2>/dev/null
    wait "$1"
}

# wait_until SECONDS COMMAND...
wait_until()
{
    local tries=$(($1 * 20))
    shift
    until "$@" >/dev/null 2>&1; do
        [ $((tries--)) -gt 0 ] || return 1
        sleep 0.05
    done
}

fail()
{
    echo "FAILED: $*"
    failures=$((failures + 1))
}

# expect TEXT COMMAND...: it succeeds.
expect()
{
    local text=$1
    shift
    if "$@"; then
        echo "ok: $text"
    else
        fail "$text"
    fi
}

# same TEXT WANTED GOT
same()
{
    if [ "$2" = "$3" ]; then
        echo "ok: $1"
    else
        fail "$1: expected '$2', not '$3'"
    fi
}

finish()
{
    local file
    if [ "$failures" -gt 0 ]; then
        for file in "$directory"/*.err "$directory"/*.out; do
            [ -s "$file" ] && { echo "--- ${file##*/}"; tail -n 20 "$file"; }
        done
        echo "$failures failed"
        exit 1
    fi
    exit 0
}

# serve ARGUMENT...: septet serve on tap0, ready when it returns; its PID is in $server.
serve()
{
    start serve "$septet" serve --tap tap0 --address 10.7.0.2/24 --address fd07::2/64 "$@"
    server=$pid
    if ! wait_until 5 grep -q 10.7.0.2 "$directory/serve.out"; then
        fail "septet serve does not start"
        finish
    fi
}

# The command as a client of the kernel: septet_client COMMAND ARGUMENT...
septet_client()
{
    local command=$1
    shift
    "$septet" "$command" --tap tap0 --address 10.7.0.2/24 --address fd07::2/64 "$@"
}

# A file whose bytes tell where they belong: make_file NAME BYTES
make_file()
{
    if command -v openssl >/dev/null; then
        openssl enc -aes-128-ctr -pass pass:septet -nosalt -pbkdf2 -iter 1 -in /dev/zero 2>/dev/null |
            head -c "$2" >"$directory/$1"
    else
        head -c "$2" /dev/urandom >"$directory/$1"
    fi
}

digest() { b2sum "$@" | cut -d' ' -f1; }

# time_of COMMAND...: runs it; afterwards $seconds says how long it took.
time_of()
{
    local begun status
    begun=$(date +%s%N)
    "$@"
    status=$?
    seconds=$(awk "BEGIN { printf \"%.2f\", ($(date +%s%N) - $begun) / 1e9 }")
    return $status
}

# rate BYTES SECONDS
rate() { awk "BEGIN { printf \"%.2f Gbit/s\", $1 * 8 / 1e9 / ($2 > 0 ? $2 : 1e-9) }"; }

# The kernel's HTTP server: files of the test's directory at port 8080.
start_nginx()
{
    mkdir -p "$directory/nginx"
    cat >"$directory/nginx.conf" <<END
daemon off;
master_process off;
pid $directory/nginx/pid;
error_log $directory/nginx.err warn;
events { worker_connections 1024; }
http {
    access_log off;
    sendfile on;
    client_body_temp_path $directory/nginx/body;
    proxy_temp_path $directory/nginx/proxy;
    fastcgi_temp_path $directory/nginx/fastcgi;
    uwsgi_temp_path $directory/nginx/uwsgi;
    scgi_temp_path $directory/nginx/scgi;
    server {
        listen 8080;
        listen [::]:8080;
        root $directory;
        location /moved { return 302 /elsewhere; }
    }
}
END
    start nginx nginx -e "$directory/nginx.err" -p "$directory/nginx" -c "$directory/nginx.conf"
    if ! wait_until 5 curl -s -o /dev/null http://10.7.0.1:8080/; then
        fail "nginx does not start"
        finish
    fi
}

# The same sender on every machine; BBR, where it is the default, paces by rates it measures on a busy processor. A
# namespace may be refused CUBIC, but not Reno.
for control in cubic reno; do
    { echo $control >/proc/sys/net/ipv4/tcp_congestion_control; } 2>/dev/null && break
done
ip link set lo up
ip tuntap add dev tap0 mode tap 2>"$directory/tap.err" ||
    skip "cannot make a TAP device: $(cat "$directory/tap.err")"
ip link set tap0 up
ip addr add 10.7.0.1/24 dev tap0
ip -6 addr add fd07::1/64 dev tap0 nodad 2>/dev/null || skip "this kernel has no IPv6"
