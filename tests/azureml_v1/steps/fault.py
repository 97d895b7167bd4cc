"""Misbehave as told."""

import argparse
import sys
import time
from pathlib import Path

parser = argparse.ArgumentParser()
parser.add_argument("--how")
parser.add_argument("--source", type=Path)
parser.add_argument("--kept", type=Path)
parser.add_argument("--lost", type=Path)
args = parser.parse_args()
assert not any(args.lost.iterdir())
for folder in (args.kept, args.lost):
    (folder / "half.txt").write_text("half")
files = sorted(path.name for path in Path.cwd().iterdir())
print("about to", args.how, "with the files", files, flush=True)
if args.how == "fail":
    sys.exit("error: this went wrong")
if args.how == "sleep":
    time.sleep(60)
if args.how == "write":
    args.source.write_text("changed")
if args.how == "flaky":
    mark = Path.home() / "tried"
    if not mark.exists():
        mark.touch()
        sys.exit(1)
