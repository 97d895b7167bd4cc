"""Leave something in both outputs, then do not succeed."""

import argparse
import os
import signal
import sys
import time
from pathlib import Path

parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
parser.add_argument("--how", default="exit")
parser.add_argument("--code", type=int, default=3)
parser.add_argument("--until", type=Path, help="succeed as soon as this file is there")
parser.add_argument("--tries", type=Path, help="a file in which to count the tries")
parser.add_argument("--data", type=Path)
parser.add_argument("--kept", type=Path)
parser.add_argument("--lost", type=Path)
args = parser.parse_args()

for folder in filter(None, (args.kept, args.lost)):
    (folder / "partial.txt").write_text("as far as it came")
tries = 1
if args.tries:
    with args.tries.open("a") as file:
        file.write("x")
    tries = len(args.tries.read_text())
print("about to fail", flush=True)
if args.until and args.until.exists():
    sys.exit(0)
if args.how == "exit":
    sys.exit(args.code)
elif args.how == "text":
    sys.exit("gave up")
elif args.how == "raise":
    raise ValueError("it's broken")
elif args.how == "kill":
    os.kill(os.getpid(), signal.SIGKILL)
elif args.how == "once":
    sys.exit(0 if tries > 1 else 1)
elif args.how == "hang":
    time.sleep(600)
elif args.how == "empty":
    for folder in (args.kept, args.lost):
        (folder / "partial.txt").unlink()
