#!/bin/sh
# check_symbols.sh CORE.a LIBSEPTET.a LIBSEPTET.so: the core needs nothing but mem*, and the
# libraries show nothing but septet_*.
set -eu
core=$1
archive=$2
shared=$3
bad=0
for library in "$core" "$archive" "$shared"; do
    if ! nm "$library" | grep -q .; then
        echo "$library: nothing to check"
        exit 1
    fi
done

needed=$(nm --undefined-only --format=posix "$core" 2>/dev/null | awk 'NF >= 2 && $2 == "U" {print $1}' | sort -u)
defined=$(nm --defined-only --extern-only --format=posix "$core" 2>/dev/null | awk 'NF >= 3 {print $1}' | sort -u)
for name in $needed; do
    case $name in
    memcpy | memmove | memset | memcmp | _GLOBAL_OFFSET_TABLE_ | __stack_chk_fail) continue ;;
    esac
    if ! printf '%s\n' "$defined" | grep -qxF "$name"; then
        echo "the core needs $name"
        bad=$((bad + 1))
    fi
done
foreign()
{
    nm "$@" --defined-only --format=posix 2>/dev/null | awk 'NF >= 3 && $1 !~ /^septet_/ {print $1}' | sort -u
}
for name in $(foreign --extern-only "$archive"); do
    echo "libseptet.a shows $name"
    bad=$((bad + 1))
done
for name in $(foreign --dynamic --extern-only "$shared"); do
    echo "libseptet.so shows $name"
    bad=$((bad + 1))
done
echo "symbols: $bad too many"
[ "$bad" -eq 0 ]
