#!/usr/bin/env python3
"""check_layers.py ROOT: holds every #include to the order of the layers.

A folder of src/ may include from itself and from those before it. Above the operating
system only freestanding headers of C may be included. Public headers include public headers.
"""
import pathlib
import re
import sys

ABOVE = ["base", "wire", "trace", "capture", "tcp", "ip", "udp", "stack", "socket",
         "lab", "drill", "explain", "report"]
BELOW = ["link", "posix", "serve", "cli"]
ORDER = ABOVE + BELOW
# These compile with no C library at all. lab, drill, explain and report make no system call, but
# the files in them that Meson does not list in core_sources may use the C library.
FREESTANDING = ["base", "wire", "trace", "capture", "tcp", "ip", "udp", "stack", "socket"]
C_HEADERS = {"stdint.h", "stdbool.h", "stddef.h"}
SYSTEM_CALL_HEADERS = re.compile(r"^((sys|net|netinet|linux|arpa)/|(poll|unistd|fcntl|time|signal|pthread)\.h)")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def allowed_quoted(layer, target):
    """What a file of src/<layer> may include in quotes; returns a complaint or None."""
    folder = target.split("/")[0]
    if "/" not in target:
        return f'"{target}" must be written with its folder'
    if folder == "septet":
        return None
    if folder not in ORDER:
        return f'"{target}" is in no layer'
    if ORDER.index(folder) > ORDER.index(layer):
        return f'"{target}" stands after {layer} in the order of layers'
    return None


def allowed_system(layer, target):
    if layer in FREESTANDING and target not in C_HEADERS:
        return f"<{target}> is not freestanding; the core has <stdint.h> <stdbool.h> <stddef.h> only"
    if layer in ABOVE and SYSTEM_CALL_HEADERS.match(target):
        return f"<{target}> belongs below the line: {layer} makes no system call"
    return None


def complaints(root):
    for path in sorted((root / "src").glob("*/**/*.[chd]*")):
        if path.suffix not in (".c", ".h", ".def"):
            continue
        layer = path.relative_to(root / "src").parts[0]
        if layer not in ORDER:
            yield path, 1, f"src/{layer} is not in the order of layers"
            continue
        for number, line in enumerate(path.read_text().splitlines(), 1):
            found = INCLUDE.match(line)
            if found:
                check = allowed_quoted if found[1] == '"' else allowed_system
                complaint = check(layer, found[2])
                if complaint:
                    yield path, number, complaint
    for path in sorted((root / "include").rglob("*.h")):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            found = INCLUDE.match(line)
            if found and not (found[2].startswith("septet/") if found[1] == '"' else found[2] in C_HEADERS):
                yield path, number, f"public headers include only septet/ and freestanding headers, not {found[2]}"


def main(root):
    count = 0
    for path, number, complaint in complaints(root):
        print(f"{path.relative_to(root)}:{number}: {complaint}")
        count += 1
    print(f"layers: {count} violations")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()))
