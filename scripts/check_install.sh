#!/bin/sh
# check_install.sh BUILD: installs into a temporary place and uses the library as a stranger would,
# found by pkg-config, once shared and once static.
set -eu
cd "$(dirname "$0")/.."
build=$1
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
DESTDIR=$place meson install -C "$build" --no-rebuild --quiet
file=$(find "$place" -name septet.pc)
prefix=$(sed -n 's/^prefix=//p' "$file")
export PKG_CONFIG_PATH="${file%/*}" PKG_CONFIG_SYSROOT_DIR="$place"
flags=$(pkg-config --cflags septet)
libraries=$(pkg-config --libs septet)
directory=$(dirname "$(find "$place" -name libseptet.a)")

cat >"$place/use.c" <<'C'
#include <septet/address.h>

int main(void)
{
    struct septet_address address;
    return septet_address_parse("192.0.2.1", 9, &address) && septet_address_is_ipv4(&address) ? 0 : 1;
}
C
# shellcheck disable=SC2086 # flags are words
{
    gcc -std=c11 -Wall -Wextra -Werror $flags "$place/use.c" $libraries -o "$place/shared"
    gcc -std=c11 -Wall -Wextra -Werror $flags "$place/use.c" "$directory/libseptet.a" -o "$place/static"
}
LD_LIBRARY_PATH=$directory "$place/shared"
"$place/static"
echo "install: found under $prefix, shared and static work"
