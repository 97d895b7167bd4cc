"""Try a bundle as a server will use it: a fresh interpreter, nothing but the bundle's own code.

The answer to the sample request must be the recorded one.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from _manifest import digest
from _step import Refused, arguments, read_json, report, run

CLOSE = 1e-9  # relative; libraries may add up in another order on another processor


def parser() -> argparse.ArgumentParser:
    """Return the arguments of this step."""
    it = arguments(__doc__)
    it.add_argument("--bundle", type=Path, required=True, help="what pack left")
    it.add_argument("--report", type=Path, required=True, help="output: metrics.json")
    return it


def main(args: argparse.Namespace) -> None:
    """Write metrics.json; refuse a bundle that is damaged or answers otherwise."""
    about = read_json(args.bundle / "bundle.json")
    for name, expected in about["files"].items():
        path = args.bundle / name
        if not path.is_file() or digest(path) != expected:
            raise Refused(f"{path} is not the file that was packed: its sha256 differs")
    begin = time.perf_counter()
    answer = _ask(args.bundle, json.dumps(about["sample"]["request"]))
    took = time.perf_counter() - begin
    expected = about["sample"]["answer"]
    pairs = list(_pairs(expected, answer))
    worst = max(abs(one - other) for one, other in pairs)
    if not all(math.isclose(one, other, rel_tol=CLOSE, abs_tol=CLOSE) for one, other in pairs):
        raise Refused(
            f"the bundle answers {answer['predictions']} where {expected['predictions']}"
            " was recorded"
        )
    rows = len(expected["predictions"])
    print(f"{about['model']}: {rows} rows, as recorded; {took:.1f} s with the start of Python")
    report({"rows": rows, "largest_difference": worst, "seconds": took}, args.report)


def _ask(bundle: Path, request: str) -> dict[str, Any]:
    # -P: nothing but the bundle's own folder, which score.py adds, and the installed libraries.
    script = bundle / "code" / "score.py"
    done = subprocess.run(
        [sys.executable, "-P", str(script), "--bundle", str(bundle)],
        input=request,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
    )
    sys.stderr.write(done.stderr)
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:]
        raise Refused(f"{script} cannot answer: {''.join(last)}")
    answer: dict[str, Any] = json.loads(done.stdout)
    if "error" in answer:
        raise Refused(f"the bundle refuses its own sample request: {answer['error']}")
    return answer


def _pairs(expected: Any, answer: Any) -> Iterator[tuple[float, float]]:
    """Yield each recorded number with the answered one."""
    yield from zip(expected["predictions"], answer["predictions"], strict=True)
    for one, other in zip(expected["intervals"], answer["intervals"], strict=True):
        yield from zip(one, other, strict=True)


if __name__ == "__main__":
    run(parser, main)
