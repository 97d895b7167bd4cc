"""Run a script until it succeeds, a few times at most: the SDK v1 cannot repeat a step.

`python _attempts.py RETRIES OUTPUTS SCRIPT [ARGUMENT ...]`, where OUTPUTS are the flags of the
output folders, separated by commas; the folders are emptied before each new attempt. Standard
library only: this file travels with the script.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path


def main(retries: int, outputs: list[str], command: list[str]) -> int:
    """Return the exit code of the last attempt."""
    code = 0
    for attempt in range(1, retries + 2):
        code = subprocess.run([sys.executable, *command], check=False).returncode
        if code == 0 or attempt > retries:
            break
        print(f"attempt {attempt} ended with {code}; trying again", file=sys.stderr, flush=True)
        for flag in outputs:
            _empty(Path(command[command.index(flag) + 1]))
        time.sleep(min(attempt, 10))
    return code if code >= 0 else 128 - code


def _empty(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


if __name__ == "__main__":
    sys.exit(
        main(int(sys.argv[1]), [flag for flag in sys.argv[2].split(",") if flag], sys.argv[3:])
    )
