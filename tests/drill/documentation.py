#!/usr/bin/env python3
"""documentation.py SEPTET GUIDE EXAMPLES: runs the scripts of the guide (its blocks marked pkt) and the examples,
and holds the guide to naming every example."""
import pathlib
import re
import subprocess
import sys
import tempfile

FEWEST = 20  # examples that a tree to copy from has


def main(septet, guide, examples):
    text = pathlib.Path(guide).read_text()
    blocks = re.findall(r"^```pkt\n(.*?)^```$", text, re.M | re.S)
    scripts = sorted(pathlib.Path(examples).glob("*.pkt"))
    if not blocks or len(scripts) < FEWEST:
        return f"{len(blocks)} scripts in {guide}, {len(scripts)} in {examples}"
    for script in scripts:
        if f"`{script.stem}`" not in text:
            return f"{guide} does not name {script.name}"
    listed = text.partition("## Examples to copy from\n")[2].partition("\n## ")[0]
    for name in re.findall(r"^\| `([a-z0-9-]+)` \|", listed, re.M):
        if name not in [script.stem for script in scripts]:
            return f"{guide} names {name}, which is no example"
    with tempfile.TemporaryDirectory() as folder:
        for number, block in enumerate(blocks, 1):
            pathlib.Path(folder, f"block-{number}.pkt").write_text(block)
        result = subprocess.run([septet, "drill", folder, examples], capture_output=True, text=True, check=False)
    sys.stdout.write(result.stdout)
    wanted = f"{len(blocks) + len(scripts)} passed, 0 failed, 0 skipped"
    return 0 if result.returncode == 0 and wanted in result.stdout else f"expected {wanted}"


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
