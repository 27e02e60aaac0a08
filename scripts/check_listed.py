#!/usr/bin/env python3
"""check_listed.py ROOT: every source, test and fuzz target is named in the meson.build of its folder.

A file that nobody compiles is worse than a missing one: its tests never run.
"""
import pathlib
import re
import sys


def unlisted(root):
    for pattern in ("src/*/*.c", "tests/*/test_*.c", "bench/*.c", "examples/*.c"):
        for path in sorted(root.glob(pattern)):
            build = path.parent / "meson.build"
            text = build.read_text() if build.exists() else ""
            names = "|".join(re.escape(name) for name in {path.stem, path.stem.removeprefix("test_")})
            if not re.search(rf"(?<![\w-])({names})(?![\w-])", text):
                yield path, build
    build = root / "tests/fuzz/meson.build"
    text = build.read_text() if build.exists() else ""
    for path in sorted(root.glob("tests/fuzz/fuzz_*.c")):
        if f"'{path.stem.removeprefix('fuzz_')}'" not in text:
            yield path, build


def main(root):
    count = 0
    for path, build in unlisted(root):
        print(f"{path.relative_to(root)}: not in {build.relative_to(root)}")
        count += 1
    print(f"listed: {count} files are not built")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()))
