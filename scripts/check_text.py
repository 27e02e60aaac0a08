#!/usr/bin/env python3
"""check_text.py ROOT: what a reader of the tree is spared.

Files under 900 lines, lines under 121 columns, no marks of unfinished work, no tabs,
no paths of one machine, no calls of the C library from the freestanding layers.
"""
import pathlib
import re
import subprocess
import sys

FREESTANDING = ["base", "wire", "trace", "capture", "tcp", "ip", "udp", "stack", "socket"]
CODE = {".c", ".h", ".def", ".py", ".sh", ".mjs", ".js"}
LINES, COLUMNS = 900, 120
UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|X" r"XX)\b")
MACHINE = re.compile(r"(?<![\w.])/(work|home|root)/")
LIBC = re.compile(
    r"(?<![\w.>])(malloc|calloc|realloc|free|abort|exit|printf|fprintf|snprintf|vsnprintf|sprintf|"
    r"strlen|strcmp|strncmp|strcpy|strncpy|strcat|memchr|strchr|strtol|strtoul|atoi|rand|srand|random|"
    r"time|clock|clock_gettime|gettimeofday|"
    r"getenv|qsort|bsearch|assert|alloca|setjmp|longjmp|errno|read|write|open|close|socket)\s*\(")
FLOAT = re.compile(r"\b(float|double|__int128)\b")
STRING = re.compile(r'"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\'')
COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.S)


def code_only(text):
    """The text with comments and strings blanked, line numbers kept."""
    text = STRING.sub('""', COMMENT.sub(lambda found: "\n" * found[0].count("\n"), text))
    return text.splitlines()


def check(name, text):
    path = pathlib.PurePath(name)
    lines = text.splitlines()
    if path.suffix in CODE and len(lines) >= LINES:
        yield 1, f"{len(lines)} lines; files stay under {LINES}"
    for number, line in enumerate(lines, 1):
        if path.suffix in CODE and len(line) > COLUMNS:
            yield number, f"{len(line)} columns; lines end at {COLUMNS}"
        if "\t" in line and path.suffix in CODE:
            yield number, "tab"
        if line != line.rstrip() and path.suffix in CODE | {".md"}:
            yield number, "space at the end of the line"
        if UNFINISHED.search(line):
            yield number, "mark of unfinished work"
        if MACHINE.search(line):
            yield number, "path of one machine"
    if path.suffix in (".c", ".h") and len(path.parts) > 2 and path.parts[0] == "src" and path.parts[1] in FREESTANDING:
        for number, line in enumerate(code_only(text), 1):
            if LIBC.search(line):
                yield number, f"{LIBC.search(line)[1]}() is of the C library; the core has mem* only"
            if FLOAT.search(line):
                yield number, f"{FLOAT.search(line)[1]}: integers only in the core"


def files(root):
    """What git tracks or would track; every file where there is no git."""
    listed = subprocess.run(["git", "-C", str(root), "ls-files", "-co", "--exclude-standard", "-z"],
                            capture_output=True, check=False)
    if listed.returncode == 0:
        return sorted(name for name in listed.stdout.decode().split("\0") if name)
    return sorted(str(path.relative_to(root)) for path in root.rglob("*")
                  if path.is_file() and not path.relative_to(root).parts[0].startswith(("build", ".git")))


def main(root):
    count = 0
    for name in files(root):
        try:
            text = (root / name).read_text()
        except (UnicodeDecodeError, OSError):
            continue
        for number, complaint in check(name, text):
            print(f"{name}:{number}: {complaint}")
            count += 1
    print(f"text: {count} violations")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()))
