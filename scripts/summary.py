#!/usr/bin/env python3
"""summary.py RESULTS...: adds up test results, prints "N passed, N failed, N skipped" last.

RESULTS is a testlog.json of Meson, or a text of lines "passed|failed|skipped NAME".
Exit status 1 when anything failed or when no result was found at all.
"""
import json
import sys

KIND = {
    "OK": "passed", "EXPECTEDFAIL": "passed", "SKIP": "skipped",
    "FAIL": "failed", "TIMEOUT": "failed", "ERROR": "failed", "INTERRUPT": "failed", "UNEXPECTEDPASS": "failed",
}


def results(path):
    """Yields (kind, name, reason) of each test in the file."""
    with open(path, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            line = line.strip()
            if not line:
                continue
            if not line.startswith("{"):
                kind, _, name = line.partition(" ")
                yield kind, name, ""
                continue
            test = json.loads(line)
            said = (test.get("stdout") or "").strip().splitlines()
            yield KIND.get(test["result"], "failed"), test["name"], said[-1] if said else test["result"]


def main(paths):
    count = {"passed": 0, "failed": 0, "skipped": 0}
    for path in paths:
        try:
            for kind, name, reason in results(path):
                count[kind if kind in count else "failed"] += 1
                if kind != "passed":
                    print(f"{kind}: {name}" + (f": {reason}" if reason else ""))
        except (OSError, ValueError, KeyError) as error:
            count["failed"] += 1
            print(f"failed: {path}: {error}")
    print("{passed} passed, {failed} failed, {skipped} skipped".format(**count))
    return 1 if count["failed"] or not sum(count.values()) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
