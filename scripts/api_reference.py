#!/usr/bin/env python3
"""api_reference.py [--check]: writes docs/api.md from the comments of include/septet, or sees that it is current."""
import pathlib
import re
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent
HEADERS = ["septet.h", "config.h", "tcp.h", "datagram.h", "socket.h", "address.h", "error.h", "trace.h"]
LISTS = [
    ("error.def", "SEPTET_ERROR", "Errors", ("error", "number", "meaning")),
    ("option.def", "OPTION", "Options", ("option", "lowest", "highest", "meaning")),
    ("state.def", "STATE", "States", ("state", "name")),
    ("trace.def", "TRACE", "Trace events", ("event", "meaning", "values")),
    ("drop.def", "DROP", "Reasons for drops", ("reason", "clause", "meaning")),
    ("counter.def", "COUNTER", "Counters", ("counter", "meaning")),
]


def cell(text):
    return text.strip().strip('"').replace("|", "\\|")


def table(path, macro, columns):
    rows = []
    text = re.sub(r'"\s*\n\s*"', "", path.read_text())
    for match in re.finditer(rf"^{macro}\(((?:[^()\"]|\"[^\"]*\"|\([^)]*\))*)\)", text, re.M):
        parts = [cell(p) for p in re.findall(r'\s*("[^"]*"|[^,"]*)(?:,|$)', match.group(1))]
        if len(parts) > len(columns):
            parts = parts[: len(columns) - 1] + [", ".join(p for p in parts[len(columns) - 1 :] if p)]
        rows.append("| " + " | ".join(parts[: len(columns)]) + " |")
    head = "| " + " | ".join(columns) + " |\n|" + "---|" * len(columns)
    return head + "\n" + "\n".join(rows) + "\n"


def sections(text):
    """Each comment that begins with two stars, and the declaration behind it up to the next blank line or comment."""
    body = re.sub(r"#ifdef __cplusplus.*?#endif\n", "", text, flags=re.S)
    for match in re.finditer(r"^/\*\*(.*?)\*/\n((?:(?!/\*\*|/\* ----|\n\n).)*)", body, re.S | re.M):
        prose = re.sub(r"^\s*\*? ?", "", match.group(1), flags=re.M).strip()
        declaration = match.group(2).strip().replace("SEPTET_API ", "")
        if declaration.startswith(("struct", "enum")) and "{" in declaration:
            end = body.index("\n};", match.start(2)) + 3
            declaration = body[match.start(2) : end].strip()
        yield prose, declaration


def reference():
    out = ["# API reference\n", "Written by `scripts/api_reference.py` from the headers in "
           "[include/septet](../include/septet); change it there.\n"]
    for name in HEADERS:
        path = TOP / "include/septet" / name
        if not path.exists():
            continue
        out.append(f"## septet/{name}\n")
        for prose, declaration in sections(path.read_text()):
            if declaration:
                out.append(f"```c\n{declaration}\n```\n")
            out.append(prose + "\n")
    for name, macro, title, columns in LISTS:
        out.append(f"## {title}\n")
        out.append(table(TOP / "include/septet" / name, macro, columns))
    return "\n".join(out)


def main():
    target = TOP / "docs/api.md"
    text = reference()
    if sys.argv[1:] == ["--check"]:
        if not target.exists() or target.read_text() != text:
            print("docs/api.md is not what the headers say: run scripts/api_reference.py")
            return 1
        return 0
    target.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
