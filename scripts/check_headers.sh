#!/bin/sh
# check_headers.sh ROOT: each header compiles alone; the public ones as C11 and, where there is a compiler, C++.
set -eu
cd "$1"
bad=0
for header in include/septet/*.h src/*/*.h; do
    [ -e "$header" ] || continue
    case $header in
    src/link/* | src/posix/* | src/serve/* | src/cli/*) extra=-D_GNU_SOURCE ;;
    *) extra= ;;
    esac
    # shellcheck disable=SC2086 # none or one word
    if ! gcc -std=c11 $extra -Wall -Wextra -Wno-unused -Werror -Iinclude -Isrc -fsyntax-only -x c \
        -include "$header" /dev/null; then
        echo "$header does not compile alone"
        bad=$((bad + 1))
    fi
done
if command -v g++ >/dev/null 2>&1; then
    for header in include/septet/*.h; do
        [ -e "$header" ] || continue
        if ! g++ -std=c++11 -Wall -Wextra -Werror -Iinclude -fsyntax-only -x c++ -include "$header" /dev/null; then
            echo "$header is not C++"
            bad=$((bad + 1))
        fi
    done
fi
echo "headers: $bad bad"
[ "$bad" -eq 0 ]
