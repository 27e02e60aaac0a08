#!/usr/bin/env python3
"""explain_truth.py SEPTET: verdicts of `septet explain` against worlds that know what happened.

The lab loses, reorders and doubles frames and logs each; both ends' captures are explained, and every segment's
verdict is compared with the log, and each end's states with its own trace.
"""
import json
import pathlib
import subprocess
import sys
import tempfile

WORLD = """
seed {seed}
host client {{
    address {client}
    {tcp}
}}
host server {{
    address {server}
    {tcp}
}}
link wire {{
    between [client, server]
    delay {delay}
    jitter 1ms
    loss {loss}
    reorder {reorder}
    reorder_delay {by}
    duplicate {duplicate}
    rate 20mbit
}}
program server {{
    host server
    listen 80
    do ["wait received 200", "send {size}", "wait end", "close"]
}}
program client {{
    host client
    do ["connect server:80", "send 200", "wait received {size}", "shutdown", "wait end", "close"]
}}
"""
RESENT = {"timeout", "fast", "tail_probe", "resent", "spurious"}
FLAGS = {"S": 2, "F": 1}


def events(septet, world):
    run = subprocess.run([septet, "lab", world, "--json"], capture_output=True, text=True, check=False)
    return json.loads(run.stdout)["events"]


class Sent:
    """What each host sent, by frame: whether all of its bytes had been sent before."""

    def __init__(self, log):
        self.frame = {}
        high = {}
        for event in log:
            if event["event"] != "frame" or event["fate"] not in ("sent", "copied"):
                continue
            packet, host = event.get("packet"), event["from"]
            if not packet or packet["protocol"] != 6:
                continue
            space = packet["length"] + sum(flag in packet["flags"] for flag in FLAGS)
            begin = packet["seq"]
            ahead = ((begin + space - high[host] + 2**31) % 2**32 - 2**31) if host in high else 1
            if event["fate"] == "copied":
                self.frame[event["frame"]] = dict(packet, space=space, host=host, again=False,
                                                  original=event["copy_of"])
                continue
            self.frame[event["frame"]] = dict(packet, space=space, host=host, again=space > 0 and ahead <= 0,
                                              original=event["frame"])
            if space and ahead > 0:
                high[host] = (begin + space) % 2**32


def captured(log, sent, host):
    """Frames as the host's capture has them, in order."""
    for event in log:
        if event["event"] != "frame" or event["frame"] not in sent.frame:
            continue
        if (event["fate"], event["from"]) == ("sent", host) or (event["fate"], event.get("to")) == ("delivered", host):
            yield event["frame"]


def expected(sent, frames):
    """For each captured segment the verdicts that are right."""
    seen, tops = set(), {}
    for number in frames:
        frame = sent.frame[number]
        origin = frame["original"]
        truth = sent.frame[origin]
        end = (frame["seq"] + frame["space"]) % 2**32
        top = tops.get(frame["host"])
        ahead = top is None or (end - top + 2**31) % 2**32 - 2**31 > 0
        if ahead and frame["space"]:
            tops[frame["host"]] = end
        if not frame["space"]:
            yield None
        elif origin in seen:
            yield {"captured_twice"}
        elif ahead:
            yield {"new", "syn"} | (RESENT if truth["again"] else set())
        elif truth["again"]:
            yield RESENT
        else:
            yield {"late"}
        seen.add(origin)


def states(log, host):
    """States of the end, each with whether it outlasts the moment."""
    moves = [(event["time"], event["to"]) for event in log if event["event"] == "state" and event["host"] == host
             and event["remote_port"] != 0 and event["to"] != "LISTEN"]
    return [(to, index + 1 == len(moves) or moves[index + 1][0] != time) for index, (time, to) in enumerate(moves)]


def agree(own, truth):
    """All that were told happened, in this order; what lasted was told, but what came behind the capture."""
    for name, lasts in truth:
        if own and own[0] == name:
            own = own[1:]
        elif lasts and name != "CLOSED":
            return False
    return not own


def distinct(column):
    found = []
    for name in column:
        name = name.lstrip("~")
        if not found or found[-1] != name:
            found.append(name)
    return [name for name in found if name != "LISTEN"]


def compare(septet, folder, name, settings, totals):
    world = folder / f"{name}.ucl"
    world.write_text(WORLD.format(**settings))
    log = events(septet, world)
    sent = Sent(log)
    subprocess.run([septet, "lab", world, "--quiet", "--pcap", folder / name], capture_output=True,
                   check=False)
    wrong = 0
    for side, host in enumerate(("client", "server")):
        run = subprocess.run([septet, "explain", "--json", "--segments", folder / name / f"{host}.pcapng"],
                             capture_output=True, text=True, check=True)
        conversation = json.loads(run.stdout)["conversations"][0]
        segments = conversation["segments"]
        frames = list(captured(log, sent, host))
        if len(frames) != segments["count"]:
            print(f"{name} {host}: {segments['count']} segments, {len(frames)} in the log")
            return 1
        for index, right in enumerate(expected(sent, frames)):
            got = segments["verdict"][index]
            if right is None:
                continue
            kind = "event" if right != {"new", "syn"} else "new"
            totals[kind] = totals.get(kind, 0) + 1
            if got == "cannot_tell" and kind == "event" and not settings["told"]:
                totals["cannot tell"] = totals.get("cannot tell", 0) + 1
            elif got not in right:
                wrong += 1
                print(f"{name} {host} frame {index + 1}: {got}, but the world says {sorted(right)}"
                      f" ({segments['evidence'].get(str(index), '')})")
        own = distinct(segments["client" if side == 0 else "server"])
        truth = states(log, host)
        if not agree(own, truth):
            wrong += 1
            print(f"{name} {host}: states {own}, but its trace has {truth}")
    return wrong


def main():
    septet = sys.argv[1]
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 4
    totals, wrong = {}, 0
    with tempfile.TemporaryDirectory() as made:
        folder = pathlib.Path(made)
        for seed in range(1, rounds + 1):
            for kind, (tcp, told) in {"stamps": ("", True), "plain": ("tcp { timestamps off }", False),
                                      "bare": ("tcp { timestamps off; sack off }", False)}.items():
                settings = {"seed": seed, "tcp": tcp, "told": told, "delay": f"{5 + seed * 7}ms", "by": f"{2 + seed}ms",
                            "loss": "2%", "reorder": "1%", "duplicate": "1%", "size": "150kb",
                            "client": "fd00::1/64" if seed % 3 == 0 else "10.0.0.1/24",
                            "server": "fd00::2/64" if seed % 3 == 0 else "10.0.0.2/24"}
                wrong += compare(septet, folder, f"{kind}-{seed}", settings, totals)
    print(totals, "wrong:", wrong)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
