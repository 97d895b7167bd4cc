"""Read numbers and hand them on."""

import argparse
import json
from pathlib import Path

parser = argparse.ArgumentParser()
parser.add_argument("--factor", type=float)
parser.add_argument("--source", type=Path)
parser.add_argument("--data", type=Path)
args = parser.parse_args()
numbers = [args.factor * float(word) for word in args.source.read_text().split()]
(args.data / "numbers.json").write_text(json.dumps(numbers))
print("read", len(numbers), "numbers")
