#!/bin/sh
# setup.sh GROUP...: installs the Debian packages that are missing. Groups: build, test, all.
# Says what it installs and why; asks nothing; does nothing when everything is there.
set -eu

# group : how to see that it is there : package : what for
#   a word          command in PATH
#   =package        installed by dpkg (libraries and compilers' parts)
packages='
build:gcc:gcc:C compiler
build:make:make:entry point of the build
build:meson:meson:build system
build:ninja:ninja-build:runs the build
build:pkg-config:pkg-config:finds libraries
build:python3:python3:meson and the style checks
build:=libjansson-dev:libjansson-dev:JSON output
build:=libpopt-dev:libpopt-dev:command line options
build:=libhttp-parser-dev:libhttp-parser-dev:reads HTTP for septet serve and fetch
build:=zlib1g-dev:zlib1g-dev:reads captures packed with gzip
build:=libzstd-dev:libzstd-dev:reads captures packed with zstd
build:=libpcre2-dev:libpcre2-dev:matches in display filters
build:=libc6-dev:libc6-dev:C library headers
test:=libcmocka-dev:libcmocka-dev:unit tests
test:clang:clang:second compiler, sanitizers, fuzzing, wasm32
test:wasm-ld:lld:links wasm32
test:=libclang-rt-14-dev:libclang-rt-14-dev:sanitizer and fuzzer run time
test:clang-format:clang-format:format check
test:clang-tidy:clang-tidy:static analysis
test:s390x-linux-gnu-gcc:gcc-s390x-linux-gnu:big-endian compiler for the portability gate
test:=libc6-dev-s390x-cross:libc6-dev-s390x-cross:its C library
test:qemu-s390x-static:qemu-user-static:runs the big-endian program
test:node:nodejs:runs the wasm32 program
test:ip:iproute2:network namespaces of the system tests
test:ping:iputils-ping:real peer for ICMP echo
test:curl:curl:real peer, HTTP client
test:nginx:nginx-light:real peer, HTTP server
test:tshark:tshark:judges captures
test:tcpdump:tcpdump:records in namespaces
test:valgrind:valgrind:instruction counts
test:=liblwip-dev:liblwip-dev:peer in benchmarks
'

usage()
{
    echo "usage: scripts/setup.sh build|test|all..." >&2
    exit 2
}

[ $# -gt 0 ] || usage
wanted=
for group in "$@"; do
    case $group in
    build | test) wanted="$wanted $group" ;;
    all) wanted="build test" ;;
    *) usage ;;
    esac
done

PATH=$PATH:/usr/sbin:/sbin
installed()
{
    case $1 in
    =*) dpkg-query -W -f '${db:Status-Status}' "${1#=}" 2>/dev/null | grep -qx installed ;;
    *) command -v "$1" >/dev/null 2>&1 ;;
    esac
}

missing=
while IFS=: read -r group probe package reason; do
    case " $wanted " in
    *" $group "*) ;;
    *) continue ;;
    esac
    if ! installed "$probe"; then
        echo "setup: needs $package ($reason)"
        missing="$missing $package"
    fi
done <<EOF
$(printf '%s' "$packages" | sed '/^$/d')
EOF
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null 2>&1; then
    echo "setup: no apt-get here; install these by hand:$missing" >&2
    exit 1
fi
as_root=
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null 2>&1; then
        echo "setup: neither root nor sudo; ask for these packages:$missing" >&2
        exit 1
    fi
    as_root="sudo -n"
fi

install_missing()
{
    # shellcheck disable=SC2086 # lists of words
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get -y -q -o DPkg::Lock::Timeout=120 \
        --no-install-recommends install $missing </dev/null
}

# Debian starts a service when it installs it; the tests start their own nginx and want no other.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' | $as_root tee "$policy" >/dev/null
    $as_root chmod 755 "$policy"
    trap '$as_root rm -f "$policy"' EXIT
    trap 'exit 130' INT TERM HUP
fi

echo "setup: installing$missing"
if ! install_missing; then
    echo "setup: package lists are absent or old: apt-get update"
    $as_root apt-get -q update </dev/null
    install_missing
fi
