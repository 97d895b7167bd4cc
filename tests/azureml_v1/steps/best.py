"""Keep the highest total."""

import argparse
import json
from pathlib import Path

parser = argparse.ArgumentParser()
parser.add_argument("--names", type=json.loads)
parser.add_argument("--totals", type=Path, nargs="+")
parser.add_argument("--model", type=Path)
args = parser.parse_args()
assert [(folder / "label.txt").read_text() for folder in args.totals] == args.names
totals = [json.loads((folder / "metrics.json").read_text())["total"] for folder in args.totals]
(args.model / "best.json").write_text(json.dumps(max(totals)))
