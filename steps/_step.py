"""What every step script shares: arguments, refusals, metrics, threads."""

from __future__ import annotations

import argparse
import io
import json
import math
import os
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

REFUSED = 3
FAILURE = "failure"  # a file in CONCRETE_STATE, the folder that a backend keeps for a step


class Refused(Exception):
    """The data cannot be used as it is: shown as one line, `error: ...`, with exit code 3."""


def arguments(doc: str | None) -> argparse.ArgumentParser:
    """Return a parser that says what the script does and takes no abbreviations."""
    return argparse.ArgumentParser(
        description=doc,
        allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def json_value(text: str) -> Any:
    """Read a parameter that is a list or a table."""
    try:
        return json.loads(text)
    except ValueError as error:
        message = f"not JSON: {text!r} ({error})"
        raise argparse.ArgumentTypeError(message) from error


def run(parser: Callable[[], argparse.ArgumentParser], main: Callable[..., None]) -> None:
    """Carry out one script: exit 0 done, 1 a bug, 2 bad arguments, 3 refused."""
    # A column name that the terminal cannot show must not end a step.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    args = parser().parse_args()
    limit_threads()
    try:
        main(args)
    except Refused as refusal:
        print("error:", " ".join(str(refusal).split()), file=sys.stderr)
        raise SystemExit(REFUSED) from None


def may_pass(reason: str) -> None:
    """Say that what this step leaves is a failure with a cause that may be gone the next time.

    Other steps read it all the same, but a backend that knows the step's recipe runs it again.
    """
    if state := os.environ.get("CONCRETE_STATE"):
        Path(state).mkdir(mode=0o700, parents=True, exist_ok=True)
        Path(state, FAILURE).write_text(reason, encoding="utf-8", errors="backslashreplace")


def cpus() -> int:
    """How many threads this step may use."""
    given = os.environ.get("OMP_NUM_THREADS", "")
    return max(1, int(given)) if given.isdecimal() else os.cpu_count() or 1


def limit_threads() -> None:
    """Hold the libraries that are loaded so far to `cpus()` threads.

    Linear algebra gets one: its sums depend on how many threads share them, and the results of
    a step must not.
    """
    if find_spec("threadpoolctl") is None:
        return
    limits = import_module("threadpoolctl").threadpool_limits
    limits(cpus(), user_api="openmp")
    limits(1, user_api="blas")


def read_json(path: Path) -> Any:
    """Read a JSON file that another step wrote."""
    return json.loads(path.read_text(encoding="utf-8"))


def write_json(path: Path, data: Any) -> None:
    """Write JSON that every parser reads: NaN and infinities become null."""
    text = json.dumps(plain(data), indent=2, ensure_ascii=False, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")


def report(metrics: Mapping[str, Any], folder: Path) -> None:
    """Write `metrics.json`, and tell MLflow and the Azure ML run where there is one."""
    write_json(folder / "metrics.json", metrics)
    numbers = {name: float(value) for name, value in metrics.items() if _is_number(value)}
    # Without a run of ours, as where a user has the variable set, MLflow would make one up.
    if os.environ.get("MLFLOW_TRACKING_URI") and os.environ.get("MLFLOW_RUN_ID"):
        _mirror("mlflow", lambda mlflow: mlflow.log_metrics(numbers))
    if os.environ.get("AZUREML_RUN_ID"):
        _mirror("azureml.core", lambda core: _log_to_run(core, numbers))


def _log_to_run(core: Any, numbers: Mapping[str, float]) -> None:
    run = core.Run.get_context()
    for name, value in numbers.items():
        run.log(name, value)
    run.flush()  # a script that ends at once would lose what is still queued


def _mirror(module: str, send: Callable[[Any], None]) -> None:
    # Imported by name: an import statement here would make a warm server load them for everyone.
    try:
        send(import_module(module))
    except Exception as error:  # noqa: BLE001  a broken tracker must not cost the result
        print(f"warning: metrics were not sent to {module}: {error}", file=sys.stderr)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def plain(data: Any) -> Any:
    """Return data as JSON has it: NumPy's numbers as Python's, what is not finite as null."""
    if isinstance(data, Mapping):
        return {str(key): plain(value) for key, value in data.items()}
    if isinstance(data, (list, tuple)):
        return [plain(value) for value in data]
    if data is None or isinstance(data, (str, bool, int)):
        return data
    item = data.item() if hasattr(data, "item") else data
    if isinstance(item, float):
        return item if math.isfinite(item) else None
    return item
