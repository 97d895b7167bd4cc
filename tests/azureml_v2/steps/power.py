"""Sum the powers of numbers."""

import argparse
import json
from pathlib import Path

import _tools

parser = argparse.ArgumentParser()
parser.add_argument("--label")
parser.add_argument("--exponent", type=int)
parser.add_argument("--data", type=Path)
parser.add_argument("--total", type=Path)
args = parser.parse_args()
numbers = json.loads((args.data / "numbers.json").read_text())
total = sum(number**args.exponent for number in numbers)
_tools.write(args.total / "metrics.json", {"label": args.label, "total": total})
