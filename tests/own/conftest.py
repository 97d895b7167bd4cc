"""An experiment with scripts of its own: three small steps, one of which may be told to fail."""

import pytest

DOUBLE = '''"""Multiply what is in a file."""
import argparse, json, os, sys
from pathlib import Path
from helper import times

def parser():
    it = argparse.ArgumentParser(description=__doc__)
    it.add_argument("--factor", type=float, default=2)
    it.add_argument("--source", type=Path, required=True)
    it.add_argument("--numbers", type=Path, required=True)
    return it

def main(args):
    values = [times(float(word), args.factor) for word in args.source.read_text().split()]
    (args.numbers / "numbers.json").write_text(json.dumps(values))
    (args.numbers / "metrics.json").write_text(json.dumps({"count": len(values)}))
    broken = Path(os.environ.get("BROKEN", "/nowhere"))
    if broken.exists():
        broken.write_text(broken.read_text() + "x")
        if len(broken.read_text()) <= int(os.environ["TIMES"]):
            print("this is how far it came", file=sys.stderr)
            sys.exit(1)

if __name__ == "__main__":
    main(parser().parse_args())
'''
TOTAL = """import argparse, json
from pathlib import Path
it = argparse.ArgumentParser()
it.add_argument("--parts", type=Path, nargs="+")
it.add_argument("--total", type=Path)
args = it.parse_args()
total = sum(sum(json.loads((part / "numbers.json").read_text())) for part in args.parts)
(args.total / "total.json").write_text(json.dumps(total))
"""
TELL = """import os
from pathlib import Path
with Path(os.environ["TOLD"]).open("a") as file:
    file.write("told\\n")
"""
HELPER = "def times(a, b):\n    return a * b\n"
EXPERIMENT = """
[experiment]
name = "mine"

[pipeline]
scripts = "scripts/"

[pipeline.steps.two]
script = "double.py"
inputs = { source = "in.txt" }
outputs = ["numbers"]

[pipeline.steps.three]
script = "double.py"
inputs = { source = "in.txt" }
outputs = { numbers = "mount" }
params = { factor = 3 }

[pipeline.steps.tell]
script = "tell.py"
after = ["two"]

[pipeline.steps.sum]
script = "total.py"
inputs = { parts = ["two.numbers", "three.numbers"] }
outputs = ["total"]
after = ["tell"]
"""


@pytest.fixture
def mine(tmp_path, monkeypatch):
    """The file of the experiment."""
    scripts = tmp_path / "scripts"
    scripts.mkdir()
    files = {"double": DOUBLE, "total": TOTAL, "tell": TELL, "helper": HELPER}
    for name, text in files.items():
        (scripts / f"{name}.py").write_text(text)
    (tmp_path / "in.txt").write_text("1 2 3")
    monkeypatch.setenv("TOLD", str(tmp_path / "told.txt"))
    file = tmp_path / "mine.toml"
    file.write_text(EXPERIMENT)
    return file
