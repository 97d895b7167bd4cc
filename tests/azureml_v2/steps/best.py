"""Keep the highest total."""

import argparse
import json
from pathlib import Path

import _tools

parser = argparse.ArgumentParser()
parser.add_argument("--names", type=json.loads)
parser.add_argument("--totals", type=Path, nargs="+")
parser.add_argument("--model", type=Path)
args = parser.parse_args()
found = [json.loads((folder / "metrics.json").read_text()) for folder in args.totals]
assert [entry["label"] for entry in found] == args.names
_tools.write(args.model / "metrics.json", max(found, key=lambda entry: entry["total"]))
