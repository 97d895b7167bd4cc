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
(args.total / "label.txt").write_text(args.label)
_tools.write(args.total, {"total": sum(number**args.exponent for number in numbers)})
