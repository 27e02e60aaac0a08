#!/usr/bin/env python3
"""explain_tshark.py SEPTET SCENARIO…: streams, handshakes, ISNs, options and counts agree with tshark.

Exit status 77 (skipped) without tshark. tshark also counts TCP headers quoted by ICMP errors: those are left out.
"""
import collections
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

FIELDS = ["frame.number", "tcp.stream", "tcp.srcport", "tcp.seq_raw", "tcp.flags", "tcp.len", "tcp.options.mss_val",
          "tcp.options.wscale.shift", "tcp.options.timestamp.tsval", "tcp.options.sack_perm"]


def tshark(path):
    command = ["tshark", "-r", path, "-Y", "tcp && !icmp", "-T", "fields", "-E", "separator=,"]
    for field in FIELDS:
        command += ["-e", field]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    streams = collections.defaultdict(list)
    for line in run.stdout.splitlines():
        row = dict(zip(FIELDS, line.split(",")))
        streams[int(row["tcp.stream"])].append(row)
    return streams


def side_of(rows, port):
    """What tshark says of the end with this port."""
    mine = [row for row in rows if int(row["tcp.srcport"]) == port]
    syns = [row for row in mine if int(row["tcp.flags"], 16) & 2]
    frames = {name: [int(row["frame.number"]) for row in mine if int(row["tcp.flags"], 16) & bit]
              for name, bit in (("fin_frame", 1), ("rst_frame", 4))}
    told = {"packets": len(mine), "bytes": sum(int(row["tcp.len"]) for row in mine),
            "fin_frame": (frames["fin_frame"] or [0])[0], "rst_frame": (frames["rst_frame"] or [0])[0]}
    if syns:
        told["isn"] = int(syns[0]["tcp.seq_raw"])
        told["mss"] = int(syns[0]["tcp.options.mss_val"]) if syns[0]["tcp.options.mss_val"] else None
        told["scale"] = int(syns[0]["tcp.options.wscale.shift"]) if syns[0]["tcp.options.wscale.shift"] else None
        told["timestamps"] = bool(syns[0]["tcp.options.timestamp.tsval"])
        told["sack"] = bool(syns[0]["tcp.options.sack_perm"])
    return told


def compare(septet, path):
    run = subprocess.run([septet, "explain", "--json", path], capture_output=True, text=True, check=True)
    ours = {c["stream"]: c for c in json.loads(run.stdout)["conversations"]}
    theirs = tshark(path)
    wrong = 0
    if set(ours) != set(theirs):
        print(f"{path}: streams {sorted(ours)}, tshark has {sorted(theirs)}")
        return 1
    for stream, rows in theirs.items():
        for end in ours[stream]["ends"]:
            for name, value in side_of(rows, end["port"]).items():
                if end[name] != value:
                    wrong += 1
                    print(f"{path} stream {stream} port {end['port']}: {name} {end[name]}, tshark has {value}")
    return wrong


def main():
    septet, scenarios = sys.argv[1], sys.argv[2:]
    if shutil.which("tshark") is None:
        return 77
    wrong = count = 0
    with tempfile.TemporaryDirectory() as made:
        for scenario in scenarios:
            folder = pathlib.Path(made) / pathlib.Path(scenario).stem
            subprocess.run([septet, "lab", scenario, "--quiet", "--pcap", folder], capture_output=True, check=False)
            for path in sorted(folder.glob("*.pcapng")):
                wrong += compare(septet, path)
                count += 1
    print(f"{count} captures, {wrong} differences")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
