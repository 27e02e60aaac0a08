#!/usr/bin/env python3
"""rfc_matrix.py SEPTET ROOT: which script shows which requirement of RFC 9293, and whether it does.

Runs the scripts of ROOT/tests/rfc, whose first comment names the ids, and writes ROOT/docs/rfc-matrix.md. Exit status 1
when a MUST has no script or one that is not ok. The rows: MUST-1..69, SHLD-1..31, MAY-1..18, REC-1, U-1..20.
"""
import json
import pathlib
import re
import subprocess
import sys

GROUPS = [("MUST", 69), ("SHLD", 31), ("MAY", 18), ("REC", 1), ("U", 20)]
# What no packet can show, and why.
NOT_PACKETS = {
    "MUST-8": "scripts see relative numbers: tests/tcp looks at the absolute ones",
    "MUST-9": "scripts see relative numbers: tests/tcp looks at the absolute ones",
    "MUST-20": "the next hop of a script's wire has no neighbour entry to doubt: tests/tcp/test_neighbor.c",
    "MUST-45": "a script has one local address",
    "SHLD-1": "scripts see relative numbers: tests/tcp looks at the absolute ones",
    "SHLD-6": "the MTU of a link does not vary while it is used",
    "SHLD-13": "advice to applications",
    "SHLD-23": "advice to applications",
    "MAY-4": "IPv4 identifications of atomic datagrams mean nothing (RFC 6864)",
    "MAY-14": "there is no FLUSH call",
}
ID = re.compile(r"\b(MUST|SHLD|MAY|REC|U)-(\d+)\b")


def ids_of(path):
    head = path.read_text().split("\n", 1)[0].split(":", 1)[0]
    return [f"{kind}-{int(number)}" for kind, number in ID.findall(head)]


def run(septet, root):
    done = subprocess.run([septet, "drill", "--json", "-j", "2", "tests/rfc"], cwd=root, capture_output=True,
                          text=True, check=False)
    return json.loads(done.stdout)


def write(root, report, scripts):
    lines = ["# RFC 9293, requirement by requirement", "",
             "Written by `make matrix` from the scripts of [tests/rfc](../tests/rfc). The first comment of a script",
             "has its ids; `septet drill tests/rfc` runs them all.", "",
             f"{report['passed']} scripts are ok, {report['failed']} are not, {report['skipped']} were skipped.", ""]
    gaps = []
    for group, count in GROUPS:
        lines += [f"## {group}", "", "| id | scripts | result |", "|---|---|---|"]
        for number in range(1, count + 1):
            name = f"{group}-{number}"
            shown = scripts.get(name, [])
            results = {result for _, result in shown}
            result = "ok" if results == {"ok"} else ", ".join(sorted(results)) if results else "**no script**"
            if not shown and name in NOT_PACKETS:
                result = "no packet shows it: " + NOT_PACKETS[name]
            elif result != "ok":
                gaps.append(name)
            links = ", ".join(f"[{path.stem}](../{path.as_posix()})" for path, _ in shown)
            lines.append(f"| {name} | {links} | {result} |")
        lines.append("")
    lines.append("Gaps: " + (", ".join(gaps) if gaps else "none") + ".")
    (root / "docs/rfc-matrix.md").write_text("\n".join(lines) + "\n")
    return gaps


def main():
    root = pathlib.Path(sys.argv[2])
    report = run(pathlib.Path(sys.argv[1]).resolve(), root)
    scripts = {}
    for script in report["scripts"]:
        path = pathlib.Path(script["script"])
        for name in ids_of(root / path):
            scripts.setdefault(name, []).append((path, script["result"]))
    gaps = write(root, report, scripts)
    print(f"docs/rfc-matrix.md: {report['passed']} ok, {report['failed']} not ok; gaps: {' '.join(gaps) or 'none'}")
    return 1 if any(name.startswith("MUST-") for name in gaps) else 0


if __name__ == "__main__":
    sys.exit(main())
