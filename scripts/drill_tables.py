#!/usr/bin/env python3
"""drill_tables.py [--check] ROOT: writes the tables of docs/drill.md and docs/drill-sysctls.md from src/drill's own
tables. With --check it writes nothing and fails when they are not what they would be."""
import pathlib
import re
import sys

MEANING = {
    "SWITCH": "0 is off, all else on",
    "NUMBER": "taken as it stands",
    "TIME": "taken as it stands",
    "SPECIAL": "taken as the kernel means it",
}


FREEBSD = re.compile(r"net\.inet6?\.|kern\.|security\.|hw\.|debug\.|net\.(isr|link|bpf)\.")


def entries(path, *words):
    """The calls of macros in a .def file: (macro, arguments)."""
    text = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.S)
    for macro, arguments in re.findall(rf"^({'|'.join(words)})\((.*?)\)$", text, re.M | re.S):
        yield macro, re.sub(r'"\s+"', "", arguments)


def commands(root):
    yield "| command | what it does here |"
    yield "|---|---|"
    for _, arguments in entries(root / "src/drill/command.def", "COMMAND"):
        name, words = re.match(r'"([^"]*)", \w+,\s*"([^"]*)"', arguments).groups()
        yield f"| `{name}` | {words} |"


def usual(root):
    yield "| sysctl | value |"
    yield "|---|---|"
    for _, arguments in entries(root / "src/drill/usual.def", "USUAL"):
        name, value = re.match(r'"([^"]*)", "([^"]*)"', arguments).groups()
        yield f"| `{name}` | `{value}` |"


def sysctls(root, tree):
    """One row for each name: what happens to its values."""
    rows = {}
    for macro, arguments in entries(root / "src/drill/sysctl.def", *MEANING, "ONLY", "IGNORED"):
        name, rest = re.match(r'"([^"]*)"(?:, (.*))?', arguments).groups()
        rows.setdefault(name, []).append((macro, rest))
    yield "| sysctl | values |"
    yield "|---|---|"
    for name in sorted(rows):
        if (FREEBSD.match(name) is None) != (tree == "linux"):
            continue
        only = [rest for macro, rest in rows[name] if macro == "ONLY"]
        macro = rows[name][0][0]
        if macro == "IGNORED":
            words = "any: it makes no difference here"
        elif only:
            words = "only " + " or ".join(only)
        else:
            words = MEANING[macro]
        whole = "`" + name + ("*`" if name[-1] in "._" else "`")
        yield f"| {whole} | {words} |"


def filled(text, name, lines):
    """The text with the lines between the marks of a table."""
    begin, end = f"<!-- {name}: scripts/drill_tables.py -->\n", "<!-- end -->"
    before, _, after = text.partition(begin)
    return before + begin + "\n".join(lines) + "\n" + end + after.partition(end)[2]


def main(arguments):
    check = "--check" in arguments
    root = pathlib.Path(arguments[-1])
    stale = []
    for document, tables in {
        "docs/drill.md": {"commands": commands(root), "usual": usual(root)},
        "docs/drill-sysctls.md": {"linux": sysctls(root, "linux"), "freebsd": sysctls(root, "freebsd")},
    }.items():
        path = root / document
        text = path.read_text()
        new = text
        for name, lines in tables.items():
            new = filled(new, name, lines)
        if new != text and check:
            stale.append(document)
        elif new != text:
            path.write_text(new)
    return f"{', '.join(stale)}: run scripts/drill_tables.py ." if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
