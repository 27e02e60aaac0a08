#!/usr/bin/env python3
"""editors_test.py ROOT: the keyword lists of editors/ are those of src/drill: calls, TCP options, script options."""
import json
import pathlib
import re
import sys


def of_source(root):
    drill = root / "src/drill"
    calls = set(re.findall(r'^    \{"(\w+)", \d+, \d+, call_\w+\}', (drill / "call.c").read_text(), re.M))
    known = re.search(r'known are (nop [^"]*)"', (drill / "parse_tcp_option.c").read_text())[1]
    options = set(known.split()) - {"gen-N", "exp-XXXX"}  # the editors have them as patterns
    settings = set(re.findall(r'slice_is\(name, "(\w\w+)"\)', (drill / "options.c").read_text())) | {"define"}
    return {"call": calls, "tcpoption": options, "setting": settings}


def of_vim(root):
    text = (root / "editors/vim/syntax/packetdrill.vim").read_text()
    words = {}
    for kind, rest in re.findall(r"^syntax keyword packetdrill(\w+) (?:contained )?(.*)$", text, re.M):
        words.setdefault(kind.lower(), set()).update(rest.split())
    pattern = re.search(r"^syntax match packetdrillSetting /--\\%\((.*)\\\)\\>/$", text, re.M)
    words["setting"] = set(pattern[1].split(r"\|"))
    return words


def of_vscode(root):
    grammar = json.loads((root / "editors/vscode/syntaxes/packetdrill.json").read_text())
    words = {}
    for kind in ("call", "tcpoption", "setting"):
        words[kind] = set(re.search(r"\(\?:(\w+(?:\|\w+)*)\)", grammar["repository"][kind]["match"])[1].split("|"))
    return words


def complaints(root):
    package = json.loads((root / "editors/vscode/package.json").read_text())["contributes"]
    for entry in package["grammars"] + package["snippets"] + package["languages"]:
        path = root / "editors/vscode" / entry.get("path", entry.get("configuration", ""))
        json.loads(path.read_text())
    source = of_source(root)
    for name, editor in (("vim", of_vim(root)), ("vscode", of_vscode(root))):
        for kind, words in source.items():
            if not words:
                yield f"found no {kind} in src/drill"
            for word in sorted(words ^ editor.get(kind, set())):
                where = "src/drill" if word in words else f"the {name} file"
                yield f"{name}: {kind} {word} is in {where} only"


if __name__ == "__main__":
    found = list(complaints(pathlib.Path(sys.argv[1])))
    print("\n".join(found) or "editors: as src/drill")
    sys.exit(1 if found else 0)
