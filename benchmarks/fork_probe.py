"""The least that a fork server can be: what it takes to run steps when nothing else is promised.

It imports the given modules, forks a child per step, two at a time, and leaves out the steps whose
script, arguments and inputs have not changed. No checks, no recovery, no whole outputs: a floor.

fork_probe.py STEPS.json    {"modules": [...], "steps": {NAME: {"script", "argv", "needs", "out"}}}
"""

from __future__ import annotations

import gc
import hashlib
import importlib
import json
import os
import runpy
import sys
import traceback
from pathlib import Path
from typing import Any

WORKERS = 2


def content(path: Path) -> str:
    """Return a digest of a file, or of what is below a folder."""
    files = [path] if path.is_file() else sorted(path.rglob("*"))
    whole = hashlib.sha256()
    for file in files:
        if file.is_file() and file.name != ".key":
            whole.update(file.name.encode() + file.read_bytes())
    return whole.hexdigest()


def key(step: dict[str, Any], shared: str) -> str:
    """Return what decides whether a step runs: its script, its arguments, what it reads."""
    given = [content(Path(word)) for word in step["argv"] if Path(word).exists()]
    return json.dumps([shared, step["script"], step["argv"], given])


def become(name: str, step: dict[str, Any]) -> None:
    """Run a step in this process, which ends with it."""
    code = 0
    log = os.open(f"{name}.log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(log, 1)
    os.dup2(log, 2)
    sys.argv = [step["script"], *step["argv"], "--out", step["out"]]
    sys.path.insert(0, str(Path(step["script"]).parent))
    try:
        runpy.run_path(step["script"], run_name="__main__")
    except BaseException:  # noqa: BLE001
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    os._exit(code)


def main() -> None:
    """Run what has to be run."""
    plan = json.loads(Path(sys.argv[1]).read_text())
    shared = content(Path(next(iter(plan["steps"].values()))["script"]).parent)
    waiting, done, running = dict(plan["steps"]), set[str](), dict[int, str]()
    loaded = False
    while waiting or running:
        for name in [name for name, step in waiting.items() if done >= {*step["needs"]}]:
            step, kept = waiting[name], Path(waiting[name]["out"], ".key")
            if kept.is_file() and kept.read_text() == key(step, shared):
                done.add(name)
                del waiting[name]
            elif len(running) < WORKERS:
                if not loaded:
                    for module in plan["modules"]:
                        importlib.import_module(module)
                    gc.freeze()
                    loaded = True
                kept.parent.mkdir(parents=True, exist_ok=True)
                if (pid := os.fork()) == 0:
                    become(name, waiting[name])
                running[pid] = name
                del waiting[name]
        if running:
            pid, status = os.wait()
            name = running.pop(pid)
            if status:
                sys.exit(f"{name} failed: see {name}.log")
            step = plan["steps"][name]
            Path(step["out"], ".key").write_text(key(step, shared))
            done.add(name)


if __name__ == "__main__":
    main()
