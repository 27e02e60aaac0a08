#!/bin/sh
# configure.sh BUILD OPTION...: sets Meson up in BUILD, or changes its options when they are not these.
# The options of the last call are kept in BUILD/options.txt.
set -eu
build=$1
shift
cd "$(dirname "$0")/.."
if [ ! -e "$build/build.ninja" ]; then
    meson setup "$build" "$@"
elif ! printf '%s\n' "$@" | cmp -s - "$build/options.txt"; then
    case " $(tr '\n' ' ' <"$build/options.txt" 2>/dev/null || true) " in
    *" $* "*) exit 0 ;; # the last call wanted these and more
    esac
    meson setup --reconfigure "$build" "$@"
fi
printf '%s\n' "$@" >"$build/options.txt"
