#!/usr/bin/env python3
"""explain_findings.py SEPTET SCENARIOS: what is found in the captures of the scenarios, and nothing else."""
import json
import pathlib
import subprocess
import sys
import tempfile

# Scenario and host: for each conversation how it ended, and its findings of severity 1 and more (with the side).
WANTED = {
    ("fast-retransmit", "client"): [("three", {"fast c", "lost_after c"})],
    ("fast-retransmit", "server"): [("three", {"fast c", "lost_before c"})],
    ("half-close", "client"): [("half_close", set())],
    ("half-close", "server"): [("half_close", set())],
    ("killed-process", "client"): [("reset", {"reset_with_data s"}), ("three", set())],
    ("killed-process", "server"): [("reset", {"reset_with_data s"}), ("three", set())],
    ("lossy-transfer", "client"): [("three", {"dsack c", "duplicate_ack c", "fast s", "late s", "lost_after s",
                                              "lost_before s", "timeout s"})],
    ("lossy-transfer", "server"): [("three", {"dsack c", "duplicate_ack c", "fast s", "lost_after s", "timeout s"})],
    ("lost-syn", "client"): [("three", {"syn_resent c"})],
    ("lost-syn", "server"): [("three", set())],
    ("lost-syn-ack", "client"): [("three", {"syn_resent c"})],
    ("lost-syn-ack", "server"): [("three", {"syn_resent c", "syn_resent s"})],
    ("lost-third-ack", "client"): [("three", {"syn_resent s"})],
    ("lost-third-ack", "server"): [("three", {"syn_resent s"})],
    ("merged-fin-ack", "client"): [("three", set())],
    ("merged-fin-ack", "server"): [("three", set())],
    ("old-duplicate-syn", "client"): [("three", set())],
    ("old-duplicate-syn", "server"): [("three", {"syn_resent c"})],
    ("reset", "client"): [("refused", {"refused s"}), ("reset", {"reset s"})],
    ("reset", "server"): [("refused", {"refused s"}), ("reset", {"reset s"})],
    ("seven-segments", "client"): [("four", set())],
    ("seven-segments", "server"): [("four", set())],
    ("simultaneous-close", "client"): [("simultaneous", set())],
    ("simultaneous-close", "server"): [("simultaneous", set())],
    ("simultaneous-open", "left"): [("three", set())],
    ("simultaneous-open", "right"): [("three", set())],
    ("slow-start", "client"): [("three", {"duplicate_ack s", "fast c", "lost_after c"})],
    ("slow-start", "server"): [("three", {"duplicate_ack s", "fast c", "lost_before c"})],
    ("time-wait", "client"): [("three", {"timeout s"})],
    ("time-wait", "server"): [("three", {"lost_after s", "timeout s"})],
    ("timeout-backoff", "client"): [("three", {"lost_after c", "timeout c"})],
    ("timeout-backoff", "server"): [("three", set())],
    ("two-networks", "client"): [("half_close", {"lost_after c", "path_mtu c", "resent c"})],
    ("two-networks", "edge"): [("half_close", {"fast s", "lost_after s", "path_mtu s", "resent s"})],
    ("two-networks", "gateway"): [("half_close", {"fast c", "lost_after c", "path_mtu c", "resent c"})],
    ("two-networks", "server"): [("half_close", {"lost_after s", "path_mtu s", "resent s"})],
    ("zero-window", "client"): [("three", {"window_full c", "window_probe c", "zero_window s"})],
    ("zero-window", "server"): [("three", {"window_full c", "window_probe c", "zero_window s"})],
}


def found(conversation):
    return {f"{f['name']} {'cs'[f['side']]}" for f in conversation["findings"] if f["severity"] > 0}


def main():
    septet, scenarios = sys.argv[1], pathlib.Path(sys.argv[2])
    wrong = 0
    with tempfile.TemporaryDirectory() as made:
        for (scenario, host), wanted in WANTED.items():
            folder = pathlib.Path(made) / scenario
            if not folder.exists():
                subprocess.run([septet, "lab", scenarios / f"{scenario}.ucl", "--quiet", "--pcap", folder],
                               capture_output=True, check=False)
            run = subprocess.run([septet, "explain", "--json", folder / f"{host}.pcapng"], capture_output=True,
                                 text=True, check=True)
            told = [(c["teardown"]["form"], found(c)) for c in json.loads(run.stdout)["conversations"]]
            if told != wanted:
                wrong += 1
                print(f"{scenario} at {host}: {told}, expected {wanted}")
    print(f"{len(WANTED)} captures, {wrong} told wrongly")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
