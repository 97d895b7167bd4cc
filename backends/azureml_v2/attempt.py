"""Run a script again when it fails or takes too long: Azure has no retries for a step.

Uploaded beside the script as `_attempt.py` and run there; standard library only.

    python _attempt.py --retries 2 --timeout 60 --empty OUTPUT -- script.py ARGUMENTS

Exit code 124 means that the last try took too long, as with timeout(1).
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

TIMED_OUT = 124


def main(argv: list[str] | None = None) -> int:
    """Run the script until it succeeds or the tries are used up; return its last exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--retries", type=int, default=0)
    parser.add_argument("--timeout", type=float, default=0, help="seconds for each try; 0: none")
    parser.add_argument("--empty", nargs="*", default=[], help="folders emptied between tries")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    args = parser.parse_args(argv)
    command = [sys.executable, *args.command[args.command[:1] == ["--"] :]]
    for attempt in range(args.retries + 1):
        code = _run(command, args.timeout or None)
        if code == 0 or attempt == args.retries:
            return code if code >= 0 else 128 - code
        print(f"try {attempt + 1} ended with {code}; trying again", file=sys.stderr, flush=True)
        for folder in map(Path, args.empty):
            for path in folder.iterdir():
                shutil.rmtree(path) if path.is_dir() else path.unlink()
    return 0


def _run(command: list[str], timeout: float | None) -> int:
    with subprocess.Popen(command, start_new_session=True) as process:
        try:
            return process.wait(timeout)
        except BaseException as error:
            os.killpg(process.pid, signal.SIGKILL)  # the script and all that it started
            if isinstance(error, subprocess.TimeoutExpired):
                print(f"ran longer than {timeout:g} s", file=sys.stderr, flush=True)
                return TIMED_OUT
            raise


if __name__ == "__main__":
    sys.exit(main())
