"""The endpoint under load for minutes, while its workers are killed: answers and memory."""

from __future__ import annotations

import json
import os
import re
import signal
import statistics
import threading
import time
import urllib.request
from pathlib import Path

from serving_tools import children, wrk

CONNECTIONS = 8
CHECK = """
total_wrong = 0
local expected = [==[%s]==] .. "\\n"
function response(status, headers, body)
  if status == 200 and body ~= expected then total_wrong = total_wrong + 1 end
end
local threads = {}
function setup(thread) table.insert(threads, thread) end
function done(summary, latency, requests)
  local sum = 0
  for _, thread in ipairs(threads) do sum = sum + thread:get("total_wrong") end
  io.write("wrong answers: " .. sum .. "\\n")
end
"""


def soak(url: str, key: str, pid: int, row: dict, seconds: float, every: float = 20.0) -> None:
    """Print what happened under load; the youngest worker is killed, so that one grows old."""
    body = json.dumps({"data": [row]})
    check = CHECK % _ask(url, key, body)
    total = {"requests": 0, "wrong": 0, "refused": 0, "cut": 0, "held": 0, "kills": 0}
    oldest, all_of_it, others = [], [], []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        held: list[int] = []
        killer = threading.Timer(every / 2, lambda held=held: held.append(_kill(pid)))
        killer.start()
        found = wrk(url, body, CONNECTIONS, every, key, check)
        killer.join()
        errors = dict(re.findall(r"(\w+) (\d+)", found["errors"]))
        total["cut"] += int(errors.pop("read", 0))
        others += [f"{name} {count}" for name, count in errors.items() if count != "0"]
        for name in ("requests", "wrong", "refused"):
            total[name] += found[name]
        total["held"] += held[0]
        total["kills"] += 1
        oldest.append(_memory(children(pid)[0], "Rss"))
        all_of_it.append(sum(_memory(one, "Pss") for one in (pid, *children(pid))))
        told = {"oldest_worker_mb": oldest[-1], "all_mb": round(all_of_it[-1], 1)}
        print(json.dumps(total | told | {"other_errors": others}), flush=True)
    part = max(1, len(oldest) // 3)
    early, late = statistics.median(oldest[:part]), statistics.median(oldest[-part:])
    rows = {
        "requests answered": total["requests"] - total["refused"],
        "workers killed": total["kills"],
        "wrong answers": total["wrong"],
        "answers that were errors": total["refused"],
        "connections cut / connections that the killed workers held": (
            f"{total['cut']} / {total['held']}"
        ),
        "other errors of clients": ", ".join(others) or "none",
        "MB of the oldest worker, first third / last third": f"{early:.1f} / {late:.1f}",
        "MB of all processes, first / last": f"{all_of_it[0]:.1f} / {all_of_it[-1]:.1f}",
    }
    print(f"\n| {seconds:g} s of load, {CONNECTIONS} connections | |\n|---|--:|")
    for name, value in rows.items():
        print(f"| {name} | {value} |")
    good = not (total["wrong"] or total["refused"] or others) and total["cut"] <= total["held"]
    if not good or late > early * 1.05:
        raise SystemExit("not as it should be")


def _ask(url: str, key: str, body: str) -> str:
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    with urllib.request.urlopen(urllib.request.Request(url, body.encode(), headers)) as answer:
        text: str = answer.read().decode()
        return text.rstrip("\n")


def _kill(pid: int) -> int:
    """Kill the youngest worker; return how many connections it had."""
    worker = children(pid)[-1]
    open_ = {str(link.readlink()) for link in Path(f"/proc/{worker}/fd").iterdir()}
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    established = {f"socket:[{line.split()[9]}]" for line in lines if line.split()[3] == "01"}
    os.kill(worker, signal.SIGKILL)
    return len(open_ & established)


def _memory(pid: int, what: str) -> float:
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    found = re.search(rf"^{what}:\s+(\d+)", text, re.MULTILINE)
    return int(found[1]) / 1024 if found else 0.0
