"""Answer requests with the model of a bundle: the contract of Azure ML's online endpoints.

`init()` loads the model below AZUREML_MODEL_DIR, `run(raw)` answers one request. Our own endpoint,
azureml-inference-server-http and Azure ML run this same file. By hand:

    python score.py --bundle BUNDLE < request.json
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))  # not every server does
sys.dont_write_bytecode = True  # a bundle stays as it was packed

from _manifest import MANIFEST
from _rejected import Rejected
from _scoring import Scorer
from _step import Refused, arguments, read_json
from _step import run as run_script

BUNDLE = "bundle.json"
PLACES = ("", "*/", "*/*/", "*/*/*/")  # Azure puts the folder of a model into one of its own
LOADED: dict[str, Scorer] = {}


def init() -> None:
    """Load the model; called once, before the first request."""
    LOADED["model"] = load(Path(os.environ["AZUREML_MODEL_DIR"]))
    LOADED["model"].quicken()


def run(raw: str) -> Any:
    """Answer `{"data": [{column: value, ...}, ...]}` and the other formats of `_formats.py`."""
    try:
        return LOADED["model"].answer(raw)
    except Rejected as error:
        document = {"error": str(error)}
        # Azure's server can give the answer another status than 200; it is there only where
        # that server runs.
        server = sys.modules.get("azureml_inference_server_http.api.aml_response")
        return server.AMLResponse(document, error.status, json_str=True) if server else document


def load(folder: Path) -> Scorer:
    """Return the model that is in a folder, or in a folder below it."""
    for place in PLACES:
        for manifest in sorted(folder.glob(f"{place}{MANIFEST}")):
            about = manifest.parent.parent / BUNDLE
            name = read_json(about)["model"] if about.is_file() else manifest.parent.name
            return Scorer(manifest.parent, name)
    raise Refused(f"there is no model in {folder}")


def parser() -> argparse.ArgumentParser:
    """Return the arguments of this script."""
    it = arguments(__doc__)
    it.add_argument("--bundle", type=Path, required=True, help="what pack left")
    return it


def main(args: argparse.Namespace) -> None:
    """Answer the request that comes on standard input."""
    os.environ["AZUREML_MODEL_DIR"] = str(args.bundle)
    init()
    json.dump(run(sys.stdin.read()), sys.stdout)
    print()


if __name__ == "__main__":
    run_script(parser, main)
