#!/usr/bin/env python3
"""state_events.py SEPTET: for each state of RFC 9293 and each event a script, run under three profiles.

What is expected stands in tables below, relative to S and R: our next sequence number and the one that we expect. After
the event a probe tells whether the connection still lives: a segment left of the window is answered with an ACK, one
for a closed port with a RST."""
import pathlib
import subprocess
import sys
import tempfile

WINDOW = 65535
SOCKET = "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n"
BOUND = SOCKET + """+0 setsockopt(3, SOL_SOCKET, SO_REUSEADDR, [1], 4) = 0
+0 setsockopt(3, SOL_SOCKET, SO_RCVBUF, [65536], 4) = 0
+0 bind(3, ..., ...) = 0
"""
LISTEN = BOUND + "+0 listen(3, 1) = 0\n"
HALF_OPEN = LISTEN + """+0 < S 0:0(0) win 65535 <mss 1460,sackOK,nop,nop>
+0 > S. 0:0(0) ack 1 win 65535 <...>
"""
ESTABLISHED = HALF_OPEN + """+.05 < . 1:1(0) ack 1 win 65535
+0 accept(3, ..., ...) = 4
+0 close(3) = 0
+0 fcntl(4, F_SETFL, O_RDWR|O_NONBLOCK) = 0
"""
CLOSED_LATER = ESTABLISHED + "+0 shutdown(4, SHUT_WR) = 0\n+0 > F. 1:1(0) ack 1 win 65535\n"
CLOSE_WAIT = ESTABLISHED + "+0 < F. 1:1(0) ack 1 win 65535\n* > . 1:1(0) ack 2\n"
SYN_SENT = SOCKET + """+0 fcntl(3, F_SETFL, O_RDWR|O_NONBLOCK) = 0
+0 connect(3, ..., ...) = -1 EINPROGRESS (Operation now in progress)
+0 > S 0:0(0) win 65535 <...>
"""

# name: (script, S, R, fd)
STATES = {
    "closed": (BOUND + "+0 < S 0:0(0) win 65535 <mss 1460>\n* > R. 0:0(0) ack 1 win 0\n", 1, 1, 3),
    "listen": (LISTEN, 1, 1, 3),
    "syn-sent": (SYN_SENT, 1, 1, 3),
    "syn-received": (HALF_OPEN, 1, 1, 3),
    "established": (ESTABLISHED, 1, 1, 4),
    "close-wait": (CLOSE_WAIT, 1, 2, 4),
    "last-ack": (CLOSE_WAIT + "+0 shutdown(4, SHUT_WR) = 0\n+0 > F. 1:1(0) ack 2\n", 2, 2, 4),
    "fin-wait-1": (CLOSED_LATER, 2, 1, 4),
    "fin-wait-2": (CLOSED_LATER + "+0 < . 1:1(0) ack 2 win 65535\n", 2, 1, 4),
    "closing": (CLOSED_LATER + "+0 < F. 1:1(0) ack 1 win 65535\n+0 > . 2:2(0) ack 2\n", 2, 2, 4),
    "time-wait": (CLOSED_LATER + "+0 < F. 1:1(0) ack 2 win 65535\n+0 > . 2:2(0) ack 2\n", 2, 2, 4),
}
OPEN = ["established", "close-wait", "last-ack", "fin-wait-1", "fin-wait-2", "closing"]
# Places relative to the window.
PLACES = {"left": -1, "edge": 0, "in": 100, "right": WINDOW + 100}
ALIVE, DEAD, UNTOLD = "alive", "dead", "untold"


def segment(flags, seq, length=0, ack=None, options=""):
    text = f"< {flags} {seq}:{seq + length}({length})"
    if ack is not None:
        text += f" ack {ack}"
    return text + " win 65535" + options + "\n"


def acknowledged(s, r):
    return f"* > . {s}:{s}(0) ack {r}\n"


class Script:
    """One state, one event, what is to follow."""

    def __init__(self, state, event, answer, fate, sysctl=""):
        script, self.s, self.r, self.fd = STATES[state]
        self.name = f"{state}-{event}"
        # FINs are not to go again while we look
        initial = 1000 if event == "timeout" else 30000
        self.text = f"`sysctl net.inet.tcp.rexmit_min=30000 net.inet.tcp.rexmit_initial={initial} {sysctl}`\n" + script
        self.fate = fate
        self.state = state
        self.answer = answer

    def end(self, packet, call=""):
        self.text += "+.1 " + packet if packet else ""
        self.text += call + self.answer
        if self.fate == ALIVE:
            una = self.s - 1 if self.state == "last-ack" else self.s
            self.text += "+1.5 " + segment(".", self.r - 1, 0, una) + acknowledged(self.s, self.r)
        elif self.fate == DEAD:
            self.text += "+1.5 " + segment(".", self.r, 0, self.s) + f"* > R {self.s}:{self.s}(0) win 0\n"
        return self.name, self.text


def resets(state, place, profile, sysctl):
    """What a RST does: the answer, and whether the connection lives on."""
    _, s, r, _ = STATES[state]
    if place in ("left", "right") or state == "time-wait":
        return "", ALIVE
    if place == "in" and sysctl != "insecure_rst":
        return acknowledged(s, r), ALIVE
    return "", DEAD


def reset_scripts(profile):
    for state in OPEN + ["time-wait"]:
        for place, offset in PLACES.items():
            for flags in ("R", "R."):
                for sysctl in ("", "insecure_rst") if profile == "freebsd" else ("",):
                    setting = f"net.inet.tcp.{sysctl}=1" if sysctl else ""
                    answer, fate = resets(state, place, profile, sysctl)
                    script = Script(state, f"{flags}-{place}-{sysctl}", answer, fate, setting)
                    call = ""
                    if fate == DEAD and state in ("established", "fin-wait-1", "fin-wait-2"):
                        call = "+0 read(4, ..., 10) = -1 ECONNRESET (Connection reset by peer)\n"
                    yield script.end(segment(flags, script.r + offset, 0, script.s if "." in flags else None), call)


def syn_scripts(profile):
    for state in OPEN:
        for place, offset in PLACES.items():
            for flags in ("S", "S."):
                for sysctl in ("", "insecure_syn") if profile == "freebsd" else ("",):
                    _, s, r, _ = STATES[state]
                    setting = f"net.inet.tcp.{sysctl}=1" if sysctl else ""
                    answer, fate = acknowledged(s, r), ALIVE
                    if sysctl and place in ("edge", "in"):
                        answer, fate = f"* > R. {s}:{s}(0) ack {r} win 0\n", DEAD
                    script = Script(state, f"{flags}-{place}-{sysctl}", answer, fate, setting)
                    # sequence numbers of segments with SYN are absolute, and so are ours in what acknowledges them
                    yield script.end(segment(flags, (r + offset) % 2**32, 0, 0 if "." in flags else None,
                                             " <mss 1460>"))


def time_wait_syn_scripts(profile):
    for place, offset in PLACES.items():
        new = place in ("in", "right")
        _, s, r, _ = STATES["time-wait"]
        if profile == "freebsd":
            answer, fate = (f"* > R. ...(0) ack {r + offset + 1} win 0\n", UNTOLD) if new else ("", ALIVE)
        else:
            answer, fate = acknowledged(s, r), ALIVE
        yield Script("time-wait", f"S-{place}", answer, fate).end(segment("S", r + offset, 0, None, " <mss 1460>"))


def other_scripts(profile):
    for state in OPEN + ["time-wait"]:
        _, s, r, _ = STATES[state]
        receives = state in ("established", "fin-wait-1", "fin-wait-2")
        yield Script(state, "ack-future", acknowledged(s, r), ALIVE).end(segment(".", r, 0, s + 1000))
        yield Script(state, "ack-left", acknowledged(s, r), UNTOLD if state in (
            "last-ack", "closing") else ALIVE).end(segment(".", r - 1, 0, s - 1))
        yield Script(state, "ack-right", acknowledged(s, r), ALIVE).end(segment(".", r + PLACES["right"], 0, s))
        yield Script(state, "data-right", acknowledged(s, r), ALIVE).end(
            segment("P.", r + PLACES["right"], 100, s))
        yield Script(state, "fin-right", acknowledged(s, r), ALIVE).end(segment("F.", r + PLACES["right"], 0, s))
        yield Script(state, "nothing", "", ALIVE).end(segment("-", r))
        yield Script(state, "fin-without-ack", "", ALIVE).end(segment("F", r))
        if state != "time-wait":
            old = s - 1 if state in ("last-ack", "closing", "fin-wait-1") else s
            answer = "" if not receives else f"* > . {s}:{s}(0) ack {r + 100}\n"
            script = Script(state, "data", answer, ALIVE)
            script.r += 100 if receives else 0
            yield script.end(segment("P.", r, 100, old))
        else:
            yield Script(state, "data", acknowledged(s, r), ALIVE).end(segment("P.", r, 100, s))
    for state in ("established", "fin-wait-1", "fin-wait-2"):
        _, s, r, _ = STATES[state]
        script = Script(state, "fin", f"* > . {s}:{s}(0) ack {r + 1}\n", ALIVE)
        script.r += 1
        yield script.end(segment("F.", r, 0, s - 1 if state == "fin-wait-1" else s))
    yield Script("last-ack", "ack", "", DEAD).end(segment(".", 2, 0, 2))
    yield Script("closing", "ack", "", ALIVE).end(segment(".", 2, 0, 2))
    yield Script("last-ack", "fin-again", "* > . 2:2(0) ack 2\n", ALIVE).end(segment("F.", 1, 0, 1))
    # BSD takes the acknowledgment of what it has had before.
    fate = DEAD if profile == "freebsd" else ALIVE
    yield Script("last-ack", "fin-again-ack", "" if fate == DEAD else acknowledged(2, 2), fate).end(
        segment("F.", 1, 0, 2))


def opening_scripts(profile):
    refused = "+0 getsockopt(3, SOL_SOCKET, SO_ERROR, [ECONNREFUSED], [4]) = 0\n"
    yield Script("syn-sent", "rst", "", UNTOLD).end(
        segment("R", 0), "+0 getsockopt(3, SOL_SOCKET, SO_ERROR, [0], [4]) = 0\n")
    yield Script("syn-sent", "rst-ack", "", UNTOLD).end(segment("R.", 0, 0, 1), refused)
    yield Script("syn-sent", "rst-ack-bad", "", UNTOLD).end(
        segment("R.", 0, 0, 2), "+0 getsockopt(3, SOL_SOCKET, SO_ERROR, [0], [4]) = 0\n")
    yield Script("syn-sent", "ack-bad", "* > R 2:2(0) win 0\n", UNTOLD).end(segment(".", 1, 0, 2))
    yield Script("syn-sent", "ack-good", "", UNTOLD).end(segment(".", 1, 0, 1))
    yield Script("syn-sent", "fin", "", UNTOLD).end(segment("F", 1))
    yield Script("syn-sent", "syn-ack-bad", "* > R 2:2(0) win 0\n", UNTOLD).end(
        segment("S.", 0, 0, 2, " <mss 1460>"))
    yield Script("syn-sent", "syn", "* > S. 0:0(0) ack 1 win 65535 <...>\n", UNTOLD).end(
        segment("S", 0, 0, None, " <mss 1460>"))
    yield Script("syn-sent", "syn-ack", acknowledged(1, 1), ALIVE).end(segment("S.", 0, 0, 1, " <mss 1460>"))
    yield Script("syn-sent", "close", "", UNTOLD).end("", "+0 close(3) = 0\n")
    # simultaneous open
    both = "+.1 " + segment("S", 0, 0, None, " <mss 1460>") + "* > S. 0:0(0) ack 1 win 65535 <...>\n+.1 "
    yield Script("syn-sent", "syn-then-ack", both + segment(".", 1, 0, 1), ALIVE).end("")
    yield Script("syn-sent", "syn-then-ack-bad", both + segment(".", 1, 0, 2) + "* > R 2:2(0) win 0\n",
                 UNTOLD).end("")
    yield Script("syn-sent", "syn-then-rst", both + segment("R", 1) + refused, UNTOLD).end("")
    yield Script("syn-sent", "syn-then-rst-in", both + segment("R", 100) + acknowledged(1, 1), UNTOLD).end("")
    if profile == "freebsd":
        yield Script("syn-sent", "syn-then-syn-ack", both + segment("S.", 0, 0, 1, " <mss 1460>") + acknowledged(1, 1),
                     ALIVE).end("")
        yield Script("syn-sent", "syn-then-close", both[:-4] + "+0 close(3) = 0\n", DEAD).end("")


def half_open_scripts(profile):
    cache = profile == "freebsd"
    syn_ack = "* > S. 0:0(0) ack 1 win 65535 <...>\n"
    refusal = "* > R 1:1(0) win 0\n"
    yield Script("syn-received", "rst", "", DEAD).end(segment("R", 1))
    yield Script("syn-received", "rst-in", acknowledged(1, 1), UNTOLD).end(segment("R", 100))
    yield Script("syn-received", "rst-right", "", UNTOLD).end(segment("R", WINDOW + 100))
    yield Script("syn-received", "rst-left", "", UNTOLD).end(segment("R", 0))
    yield Script("syn-received", "rst-ack", "", UNTOLD if cache else DEAD).end(segment("R.", 1, 0, 1))
    yield Script("syn-received", "syn", syn_ack, UNTOLD).end(segment("S", 0, 0, None, " <mss 1460,sackOK,nop,nop>"))
    if cache:
        yield Script("syn-received", "syn-in", syn_ack, UNTOLD).end(segment("S", 100, 0, None, " <mss 1460>"))
        yield Script("syn-received", "syn-ack", "* > R 1:1(0) win 0\n", DEAD).end(
            segment("S.", 0, 0, 1, " <mss 1460>"))
    yield Script("syn-received", "ack-bad", "* > R 2:2(0) win 0\n", UNTOLD).end(segment(".", 1, 0, 2))
    yield Script("syn-received", "ack-left", acknowledged(1, 1), UNTOLD).end(segment(".", 0, 0, 1))
    yield Script("syn-received", "ack-right", acknowledged(1, 1), UNTOLD).end(segment(".", WINDOW + 100, 0, 1))
    yield Script("syn-received", "fin", "", UNTOLD).end(segment("F", 1))
    fin = Script("syn-received", "fin-ack", "* > . 1:1(0) ack 2\n", ALIVE)
    fin.r = 2
    yield fin.end(segment("F.", 1, 0, 1))
    for name, flags, ack, answer in (("rst", "R", None, ""), ("rst-ack", "R.", 1, ""), ("ack", ".", 1, refusal),
                                     ("fin", "F", None, ""), ("fin-ack", "F.", 1, refusal), ("nothing", "-", None, ""),
                                     ("syn-ack", "S.", 1, refusal), ("syn-rst", "SR", None, "")):
        yield Script("listen", name, answer, UNTOLD).end(segment(flags, 1, 0, ack))
    yield Script("listen", "syn-fin", "* > S. 0:0(0) ack 1 win 65535 <...>\n" if cache else "", UNTOLD).end(
        segment("SF", 0, 0, None, " <mss 1460>"))
    if cache:
        yield Script("listen", "syn-fin-dropped", "", UNTOLD, "net.inet.tcp.drop_synfin=1").end(
            segment("SF", 0, 0, None, " <mss 1460>"))
    # RFC 4987: how long a half-open connection lasts.
    times = (1, 2, 4) if cache else (1, 2, 4, 8, 16)
    again = "".join(f"+{time} > S. 0:0(0) ack 1 win 65535 <...>\n" for time in times)
    gone = f"+{2 * times[-1] + 1} " + segment(".", 1, 0, 1) + refusal
    yield Script("syn-received", "timeout", again + gone, UNTOLD).end("")


def closed_scripts(profile):
    segments = {"ack": (".", 1, "* > R 1:1(0) win 0\n"), "fin": ("F", None, "* > R. 0:0(0) ack 2 win 0\n"),
                "rst": ("R", None, ""), "syn": ("S", None, "* > R. 0:0(0) ack 2 win 0\n"),
                "syn-ack": ("S.", 1, "* > R 1:1(0) win 0\n"), "nothing": ("-", None, "* > R. 0:0(0) ack 1 win 0\n")}
    for blackhole in (None, 0, 1, 2, 3) if profile == "freebsd" else (None,):
        before = "" if blackhole is None else f"+0 `sysctl net.inet.tcp.blackhole={blackhole}`\n"
        for name, (flags, ack, answer) in segments.items():
            silent = blackhole is not None and (blackhole >= 2 or (blackhole == 1 and "S" in flags))
            script = Script("closed", f"{name}-{blackhole}", "" if silent else answer, UNTOLD)
            script.text += before
            yield script.end(segment(flags, 1, 0, ack))
        if blackhole is not None:
            answer = "" if blackhole == 3 else "* > R 1:1(0) win 0\n"
            script = Script("listen", f"ack-blackhole-{blackhole}", answer, UNTOLD)
            script.text += before
            yield script.end(segment(".", 1, 0, 1))


def user_scripts(profile):
    bsd = profile == "freebsd"
    for state in OPEN:
        _, s, r, fd = STATES[state]
        linger = f"+0 setsockopt({fd}, SOL_SOCKET, SO_LINGER, {{onoff=1, linger=0}}, 8) = 0\n"
        quiet = state in ("closing", "last-ack") and not bsd
        answer = "" if quiet else f"* > R. {s}:{s}(0) ack {r} win 0\n"
        yield Script(state, "abort", answer, DEAD).end("", linger + f"+0 close({fd}) = 0\n")
    yield Script("syn-sent", "abort", "", UNTOLD).end(
        "", "+0 setsockopt(3, SOL_SOCKET, SO_LINGER, {onoff=1, linger=0}, 8) = 0\n+0 close(3) = 0\n")
    unread = "+.1 " + segment("P.", 1, 100, 1) + "* > . 1:1(0) ack 101\n+0 close(4) = 0\n"
    answer = "* > F. 1:1(0) ack 101\n" if bsd else "* > R. 1:1(0) ack 101 win 0\n"
    yield Script("established", "close-unread", unread + answer, UNTOLD).end("")
    closed = "+0 close(4) = 0\n* > F. 1:1(0) ack 1\n+.1 "
    for name, place, offset in (("data-after-close", 1, 0), ("data-in-after-close", 101, 0),
                                ("data-right-after-close", WINDOW + 100, 0)):
        told = bsd or name != "data-right-after-close"
        answer = "* > R 2:2(0) win 0\n" if told else acknowledged(2, 1)
        yield Script("established", name, closed + segment("P.", place, 100, 2) + answer, UNTOLD).end("")
    # FIN-WAIT-2 ends by itself when nobody holds the socket any more.
    wait = 600 if bsd else 60
    waits = "+0 close(4) = 0\n" + f"+{wait - 1} " + segment(".", 0, 0, 2) + acknowledged(2, 1)
    over = "+2 " + segment(".", 1, 0, 2) + "* > R 2:2(0) win 0\n"
    yield Script("fin-wait-2", "timeout", waits + over, UNTOLD).end("")
    msl = {"freebsd": 30, "linux": 30, "rfc": 120}[profile]
    waits = f"+{2 * msl - 1} " + segment("F.", 1, 0, 2) + acknowledged(2, 2) # begins anew
    waits += f"+{2 * msl - 1} " + segment(".", 1, 0, 2) + acknowledged(2, 2)
    yield Script("time-wait", "timeout", "+0 close(4) = 0\n" + waits + "+2 " + segment(".", 2, 0, 2) +
                 "* > R 2:2(0) win 0\n", UNTOLD).end("")


def socket_scripts(profile):
    """What the socket's calls say of it."""
    bsd = profile == "freebsd"
    error = "+0 getsockopt({fd}, SOL_SOCKET, SO_ERROR, [{error}], [4]) = 0\n"
    for state in OPEN:
        told = state not in ("closing", "last-ack") or profile != "rfc"
        name = "EPIPE" if state == "close-wait" and not bsd else "ECONNRESET"
        script = Script(state, "error", "", UNTOLD)
        call = error.format(fd=4, error=name if told else 0) + error.format(fd=4, error=0)
        yield script.end(segment("R", script.r), call)
    reset = "+.1 " + segment("R", 1)
    if bsd:
        answer = "+0 write(4, ..., 10) = -1 EPIPE\n+0 read(4, ..., 10) = -1 ECONNRESET\n"
    else:
        answer = "+0 write(4, ..., 10) = -1 ECONNRESET\n+0 write(4, ..., 10) = -1 EPIPE\n"
    yield Script("established", "write-after-reset", reset + answer + "+0 read(4, ..., 10) = 0\n", UNTOLD).end("")
    waiting = HALF_OPEN + "+.05 " + segment(".", 1, 0, 1) + reset
    script = Script("listen", "accept-after-reset", "", UNTOLD)
    script.text = waiting + ("+0 accept(3, ..., ...) = -1 ECONNABORTED (Software caused connection abort)\n" if bsd else
                             "+0 accept(3, ..., ...) = 4\n")
    yield script.end("")
    shut = "+0 shutdown(3, SHUT_WR) = 0\n+.1 "
    syn_ack = segment("S.", 0, 0, 1, " <mss 1460>")
    yield Script("syn-sent", "shutdown", shut + syn_ack + ("* > F. 1:1(0) ack 1\n" if bsd else "* > R 1:1(0) win 0\n"),
                 UNTOLD).end("")
    # Rounded to the MSS once that is known; Linux doubles.
    asked = "+0 getsockopt(3, SOL_SOCKET, SO_RCVBUF, [{}], [4]) = 0\n"
    yield Script("listen", "buffer", asked.format(65536 if bsd else 131072), UNTOLD).end("")
    yield Script("established", "buffer", asked.format(65700 if bsd else 131072).replace("3", "4", 1), UNTOLD).end("")
    again = "+.1 " + syn_ack + acknowledged(1, 1) + "+0 connect(3, ..., ...) = "
    yield Script("syn-sent", "connect-again", again + ("-1 EISCONN (Socket is already connected)\n" if bsd else "0\n"),
                 UNTOLD).end("")
    scaled = LISTEN + "+0 < S 0:0(0) win 65535 <mss 1460,nop,wscale 7>\n"
    scaled += "+0 > S. 0:0(0) ack 1 win 65535 <mss 1460,nop,wscale "
    script = Script("listen", "scale", "", UNTOLD)
    script.text = scaled + f"{6 if bsd else 1}>\n"
    yield script.end("")


def scripts(profile):
    for part in (reset_scripts, syn_scripts, time_wait_syn_scripts, other_scripts, opening_scripts, half_open_scripts,
                 closed_scripts, user_scripts, socket_scripts):
        yield from part(profile)


def main():
    command = sys.argv[1]
    failed = False
    for profile in ("freebsd", "rfc", "linux"):
        with tempfile.TemporaryDirectory() as directory:
            count = 0
            for name, text in scripts(profile):
                path = pathlib.Path(directory, name.replace("R.", "R-ack").replace("S.", "S-ack") + ".pkt")
                assert not path.exists(), path
                path.write_text(text)
                count += 1
            run = subprocess.run([command, "drill", "--profile", profile, directory], capture_output=True, text=True,
                                 timeout=100)
            lines = run.stdout.splitlines()
            if run.returncode != 0 or lines[-1] != f"{count} passed, 0 failed, 0 skipped":
                failed = True
                print(f"--- {profile}")
                print("\n".join(line for line in lines if not line.startswith("ok ")), run.stderr)
            else:
                print(f"{profile}: {lines[-1]}")
            if len(sys.argv) > 2:
                subprocess.run(["cp", "-rT", directory, f"{sys.argv[2]}/{profile}"], check=True)
    sys.exit(failed)


main()
