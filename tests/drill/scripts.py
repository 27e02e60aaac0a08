#!/usr/bin/env python3
"""scripts.py SEPTET DIRECTORY...: runs scripts that each use one form of the language, over IPv4, IPv6 and IPv4-mapped
IPv6. Comment lines at the head of a script say otherwise: `// versions: ipv4` runs it over these only,
`// skipped: REASON` and `// fails: LINE: REASON` say how it ends when it does not pass. The profile must be the one
that the directory is named after."""
import json
import pathlib
import re
import subprocess
import sys

VERSIONS = ["ipv4", "ipv6", "ipv4-mapped-ipv6"]


def heads(path, word):
    found = re.search(rf"^// {word}: (.*)$", path.read_text(), re.M)
    return found.group(1) if found else ""


def judge(path, result, profile):
    """What is wrong with the result; nothing when it is as the script says."""
    reason = result.get("reason", "")
    skipped, fails = heads(path, "skipped"), heads(path, "fails")
    if skipped:
        right = result["result"] == "skipped" and reason == skipped
    elif fails:
        right = result["result"] == "not ok" and f"{result.get('line')}: {reason}" == fails
    else:
        right = result["result"] == "ok"
    if not right:
        return f"{result['result']} {result.get('line')}:{result.get('column')}: {reason}\n" + \
            f"    script {result.get('expected')}\n    actual {result.get('actual')}"
    output = result.get("output", "profile " + profile)
    if not heads(path, "profile") and not re.search(rf"profile {profile}\b", output):
        return f"runs as another profile than {profile}"
    return ""


def main(septet, *directories):
    failures = count = 0
    for directory in map(pathlib.Path, directories):
        scripts = sorted(directory.glob("*.pkt"))
        if not scripts:
            print(f"no scripts in {directory}")
            failures += 1
        for version in VERSIONS:
            chosen = [path for path in scripts if version in (heads(path, "versions") or " ".join(VERSIONS)).split()]
            mss = 1440 if version == "ipv6" else 1460
            options = ["--json", "-v", "-D", f"MSS={mss}", f"--ip_version={version}"]
            command = [septet, "drill", *options, *map(str, chosen)]
            answer = subprocess.run(command, capture_output=True, text=True, check=False)
            for path, result in zip(chosen, json.loads(answer.stdout)["scripts"], strict=True):
                count += 1
                wrong = judge(path, result, directory.name)
                if wrong:
                    print(f"{path} ({version}): {wrong}")
                    failures += 1
    print(f"{count} runs, {failures} wrong")
    return failures != 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
