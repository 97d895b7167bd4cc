"""Starting processes that become steps, by a fork or afresh, and taking note of their ends."""

from __future__ import annotations

import contextlib
import gc
import json
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from concrete_cli import interpreter

from . import child, fresh, preload, processes

RUN_BY_US = (signal.SIGCHLD, signal.SIGINT, signal.SIGTERM)
CANNOT_START = 126  # what shells say


def fork(
    orders: Mapping[str, Any], environment: Mapping[str, str], let_go: Callable[[], None]
) -> int:
    """Start a child with what is imported here; it begins by `let_go` of what is ours.

    Where code that may change was imported, nobody knows whether it has: the child begins afresh.
    """
    for name in orders["modules"]:
        preload.load(name)
    if not preload.is_fresh():
        return spawn(orders, environment)
    fresh.compile_ahead(orders["files"].values())
    gc.freeze()  # what is there now stays in pages that the children share
    server = os.getpid()
    pid = os.fork()
    if pid == 0:
        try:
            for number in RUN_BY_US:
                signal.signal(number, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            let_go()
            gc.enable()
        finally:
            child.run(orders, environment, server)
    return pid


def spawn(orders: Mapping[str, Any], environment: Mapping[str, str]) -> int:
    """Start a child in a fresh interpreter. Orders go by stdin: others can read arguments."""
    with tempfile.TemporaryFile() as file:
        file.write(json.dumps(orders).encode())
        file.seek(0)
        log = os.O_WRONLY | os.O_APPEND | os.O_CREAT
        return os.posix_spawn(
            sys.executable,
            interpreter.module(child.__name__, str(os.getpid())),
            environment,
            file_actions=[
                (os.POSIX_SPAWN_DUP2, file.fileno(), 0),
                (os.POSIX_SPAWN_OPEN, 1, orders["log"], log, 0o600),
                (os.POSIX_SPAWN_DUP2, 1, 2),
            ],
            setsigdef=RUN_BY_US,
        )


def ended() -> Iterator[tuple[int, int, float, int]]:
    """Yield pid, exit code, CPU seconds and peak memory in bytes of the children that ended."""
    with contextlib.suppress(ChildProcessError):
        while True:
            pid, status, usage = os.wait4(-1, os.WNOHANG)
            if pid == 0:
                return
            code = os.waitstatus_to_exitcode(status)
            yield pid, code, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024


def refuse(orders: Mapping[str, Any], error: OSError) -> None:
    """Say in the log of a step why its process could not be started."""
    with contextlib.suppress(OSError), open(orders["log"], "a", encoding="utf-8") as log:  # noqa: PTH123
        log.write(f"the process could not be started: {error}\n")


def end_unmarked() -> None:
    """End what steps have left behind without a mark; none of ours runs any more."""
    while left := processes.children():
        for pid in left:
            processes.signal_group(pid, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, 0)
