"""An experiment of two small steps, the second of which waits till it is told to go on."""

import contextlib
import json
import shlex
import sys
import textwrap

STEP = """\
import argparse, os, sys, time
from pathlib import Path
parser = argparse.ArgumentParser()
parser.add_argument("--out", type=Path)
parser.add_argument("--data", type=Path, nargs="*")
parser.add_argument("--wait", type=Path)
args = parser.parse_args()
print("begins", Path(__file__).stem, flush=True)
if args.wait:
    args.wait.with_name(f"pid-{os.getpid()}").touch()
    while not args.wait.exists(): time.sleep(0.01)
(args.out / "text.txt").write_text("done")
"""


PYTHON = shlex.quote(sys.executable)


class Toy:
    """An experiment of two steps, the second of which may wait for a file."""

    def __init__(self, folder, name="toy.toml"):
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.file, self.go = folder, folder / name, folder / "go"
        for step in ("first", "second"):
            (folder / f"{step}.py").write_text(STEP)
        self.file.write_text(
            textwrap.dedent(f"""
            [experiment]
            name = "toy"
            [pipeline.steps.first]
            script = "first.py"
            outputs = ["out"]
            [pipeline.steps.second]
            script = "second.py"
            inputs = {{ data = "first.out" }}
            outputs = ["out"]
            params = {{ wait = {json.dumps(str(self.go), ensure_ascii=False)} }}
            """)
        )

    def pids(self):
        """Return the processes of steps that wait, or have waited."""
        return [int(path.name.partition("-")[2]) for path in self.folder.glob("pid-*")]

    @property
    def run(self):
        """The folder of the only run."""
        (run,) = (self.folder / ".concrete" / "runs").iterdir()
        return run

    def events(self):
        """Return step and state of each event of the run so far."""
        with contextlib.suppress(FileNotFoundError, ValueError):
            lines = (self.run / "events.jsonl").read_text().splitlines()
            return [tuple(json.loads(line)[k] for k in ("step", "state")) for line in lines]
        return []
