"""Write what a step can see of itself to out/facts.json."""

import argparse
import json
import os
import random
import sys
from pathlib import Path

import _sibling

parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
parser.add_argument("--out", type=Path)
args, rest = parser.parse_known_args()

facts = {
    "name": __name__,
    "main": sys.modules["__main__"].__dict__ is globals(),
    "script": Path(sys.argv[0]).name,
    "argv": rest,
    "cwd": [path.name for path in Path.cwd().iterdir()],
    "out": sorted(path.name for path in args.out.iterdir()),
    "stdin": sys.stdin.read(),
    "sibling": _sibling.WORD,
    "random": random.random(),
    "leader": os.getpgid(0) == os.getpid(),
    "threads": os.environ.get("OMP_NUM_THREADS"),
    "leaked": os.environ.get("LEAKED"),
    "umask": os.umask(0o022),
}
os.environ["LEAKED"] = "yes"
Path("scribble").write_text("in the working folder")
print("told")
(args.out / "facts.json").write_text(json.dumps(facts))
