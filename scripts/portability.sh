#!/bin/bash
# portability.sh BUILD [WORLDS]: the portability gate. Compiles the sources of BUILD/core_sources.txt
# freestanding for four machines, runs the same random worlds on each and compares what they print:
#   gcc      x86-64, -O2
#   clang    x86-64, ASan and UBSan
#   s390x    big-endian, under qemu-user
#   wasm32   no libc, under node
# As long as there is no ports/portable/run.c it only compiles, and links wasm32 to see that no libc is needed.
# Exit status: 0 all the same, 1 not, 77 a tool is missing (and what could run was the same).
set -u
build=$(cd "$1" && pwd) || exit 1
worlds=${2:-${PORTABLE_WORLDS:-1000}}
cd "$(dirname "$0")/.." || exit 1
out=$build/portability
jobs=${JOBS:-$(nproc)}
mapfile -t core <"$build/core_sources.txt" || exit 1
if [ ${#core[@]} -eq 0 ]; then
    echo "portability: no sources in $build/core_sources.txt; run make first"
    exit 1
fi
runner=ports/portable/run.c
newest_header=$(find src include ports \( -name '*.h' -o -name '*.def' \) -printf '%T@ %p\n' |
    sort -n | tail -1 | cut -d' ' -f2-)

common='-std=c11 -O2 -g -Wall -Wextra -Wconversion -Wshadow -Werror -Isrc -Iinclude -Iports'
declare -A compiler=([gcc]=gcc [clang]=clang [s390x]=s390x-linux-gnu-gcc [wasm32]=clang)
declare -A needs=([gcc]=gcc [clang]=clang [s390x]='s390x-linux-gnu-gcc qemu-s390x-static' [wasm32]='clang wasm-ld node')
declare -A flags=(
    [gcc]="$common"
    [clang]="$common -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer"
    [s390x]="$common"
    [wasm32]="$common --target=wasm32 -nostdlib -mbulk-memory"
)

say() { echo "$(date +%H:%M:%S) portability: $*"; }

# The shipped scenarios as C, for the runner.
embed_scenarios()
{
    local file
    for file in scenarios/*.ucl; do
        sed -e 's/\\/\\\\/g; s/"/\\"/g; s/^/"/; s/$/\\n"/; 1s/^/{/' "$file"
        echo ", $(stat -c %s "$file")},"
    done >"$out/scenarios.new"
    if cmp -s "$out/scenarios.new" "$out/scenarios.inc"; then
        rm "$out/scenarios.new"
    else
        mv "$out/scenarios.new" "$out/scenarios.inc"
        rm -f "$out"/*/ports_portable_run.c.o
    fi
}

compile_one() # TARGET SOURCE FLAG...
{
    local target=$1 source=$2 object
    shift 2
    object=$out/$target/${source//\//_}.o
    if [ "$object" -nt "$source" ] && [ "$object" -nt "$newest_header" ] &&
        [ "$object" -nt scripts/portability.sh ]; then
        return 0
    fi
    # shellcheck disable=SC2086 # flags are words
    ${compiler[$target]} ${flags[$target]} "$@" -c "$source" -o "$object"
}

compile() # TARGET
{
    local target=$1 source running=0 bad=0
    mkdir -p "$out/$target"
    for source in "${core[@]}"; do
        compile_one "$target" "$source" -ffreestanding &
        running=$((running + 1))
        if [ "$running" -ge "$jobs" ]; then
            wait -n || bad=1
            running=$((running - 1))
        fi
    done
    while [ "$running" -gt 0 ]; do
        wait -n || bad=1
        running=$((running - 1))
    done
    if [ -e "$runner" ]; then
        compile_one "$target" "$runner" -ffreestanding "-I$out" || bad=1
    fi
    if [ "$target" = wasm32 ]; then
        compile_one "$target" ports/wasm/memory.c -ffreestanding || bad=1
    elif [ -e "$runner" ]; then
        compile_one "$target" ports/portable/main.c || bad=1
    fi
    return "$bad"
}

link() # TARGET
{
    local target=$1 source objects=()
    for source in "${core[@]}"; do
        objects+=("$out/$target/${source//\//_}.o")
    done
    [ -e "$runner" ] && objects+=("$out/$target/ports_portable_run.c.o")
    if [ "$target" = wasm32 ]; then
        local exports=(-Wl,--no-gc-sections)
        [ -e "$runner" ] && exports=(-Wl,--export=septet_portable_run)
        # shellcheck disable=SC2086
        clang ${flags[wasm32]} -Wl,--no-entry -Wl,--fatal-warnings "${exports[@]}" -Wl,--export=__heap_base \
            -Wl,-z,stack-size=1048576 "${objects[@]}" "$out/wasm32/ports_wasm_memory.c.o" -o "$out/wasm32/portable.wasm"
    elif [ -e "$runner" ]; then
        local static=()
        [ "$target" = s390x ] && static=(-static)
        # shellcheck disable=SC2086
        ${compiler[$target]} ${flags[$target]} "${static[@]}" "${objects[@]}" "$out/$target/ports_portable_main.c.o" \
            -o "$out/$target/portable"
    fi
}

run() # TARGET
{
    local start=$SECONDS status=0
    case $1 in
    gcc | clang) "$out/$1/portable" 1 "$worlds" ;;
    s390x) qemu-s390x-static "$out/s390x/portable" 1 "$worlds" ;;
    wasm32) node ports/wasm/run.mjs "$out/wasm32/portable.wasm" 1 "$worlds" ;;
    esac >"$out/$1.txt" 2>"$out/$1.error" || status=$?
    say "$1 ran $worlds worlds in $((SECONDS - start)) s, status $status"
    if [ "$status" -ne 0 ]; then
        tail -5 "$out/$1.txt"
        tail -20 "$out/$1.error"
    fi
    return "$status"
}

mkdir -p "$out"
embed_scenarios
ready=() missing= bad=0
for target in gcc clang s390x wasm32; do
    lacking=
    for tool in ${needs[$target]}; do
        command -v "$tool" >/dev/null 2>&1 || lacking="$lacking $tool"
    done
    if [ -n "$lacking" ]; then
        missing="$missing $target (no$lacking)"
    elif compile "$target" && link "$target"; then
        say "$target compiled ${#core[@]} files"
        ready+=("$target")
    else
        say "$target does not compile or link"
        bad=1
    fi
done

if [ -e "$runner" ]; then
    running=0
    for target in "${ready[@]}"; do
        run "$target" &
        running=$((running + 1))
        if [ "$running" -ge "$jobs" ]; then
            wait -n || bad=1
            running=$((running - 1))
        fi
    done
    while [ "$running" -gt 0 ]; do
        wait -n || bad=1
        running=$((running - 1))
    done
    for target in "${ready[@]:1}"; do
        if ! difference=$(diff "$out/${ready[0]}.txt" "$out/$target.txt"); then
            say "$target differs from ${ready[0]}:"
            printf '%s\n' "$difference" | head -6
            bad=1
        fi
    done
    [ "$bad" -eq 0 ] && say "${ready[*]}: the same bytes"
fi
[ "$bad" -eq 0 ] || exit 1
if [ -n "$missing" ]; then
    echo "skipped:$missing"
    exit 77
fi
