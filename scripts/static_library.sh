#!/bin/sh
# static_library.sh CORE.a OUTPUT.a: links the objects of the core into one and makes every
# hidden name local, so that an embedder's namespace gets the public names only.
set -eu
core=$1
output=$2
object=$output.o
${LD:-ld} -r --whole-archive "$core" -o "$object"
${OBJCOPY:-objcopy} --localize-hidden "$object"
rm -f "$output"
${AR:-ar} rcs "$output" "$object"
rm -f "$object"
