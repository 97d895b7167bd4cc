"""`[tracking] mlflow = "URI"`: a run that has ended is told to MLflow, in a process of its own.

Steps know nothing of it: a run is told as a whole, when it has ended, and a tracker that is down
costs a warning and no result. Telling a run again changes nothing; `concrete resume RUN` does.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import tempfile
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from concrete_cli import aside, disk
from concrete_cli.errors import BackendUnavailable, ConcreteError, Damaged
from concrete_cli.registry.models import Models, Version
from concrete_cli.runs import Run
from concrete_cli.workspace import Workspace

LOG = logging.getLogger("concrete")
WORKFLOWS = ("train", "finetune", "run")
SCRIPT = "track.py"
SECRET = re.compile(r"(?<=://)[^/@\s]+@")
# Quick to give up, and nobody is told that we use it; what the user has set goes before.
SETTINGS = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "GIT_PYTHON_REFRESH": "quiet",
}


def check(uri: str) -> None:
    """Refuse to track a run in MLflow where it is not installed, before anything runs."""
    if uri and not find_spec("mlflow"):
        raise BackendUnavailable(
            "[tracking] mlflow is set, and MLflow is not installed",
            help="pip install 'concrete-cli[mlflow]', or leave [tracking] out",
        )


def tell(space: Workspace, run: Run, document: Mapping[str, Any]) -> None:
    """Tell MLflow what a run came to, if its experiment says so."""
    uri = _tracker(run)
    if uri and document["workflow"] in WORKFLOWS:
        from concrete_cli import tracking_facts

        with tempfile.TemporaryDirectory(prefix="concrete-") as folder:
            _send(uri, tracking_facts.of_run(space, run, document, Path(folder)), run)


def tell_aliases(models: Models, version: Version) -> None:
    """Tell MLflow which aliases a version of a model has, if its experiment says so."""
    run = origin(models, version)
    if uri := _tracker(run):
        aliases = models.aliases_of(version)
        model = {"name": version.name, "version": version.number, "aliases": aliases}
        _send(uri, {"model": model}, run)


def tell_deleted(version: Version, run: Run) -> None:
    """Have MLflow delete a version that is gone here; `run`, its origin, and its files stay."""
    if uri := _tracker(run):
        _send(uri, {"deleted": {"name": version.name, "version": version.number}}, run)


def origin(models: Models, version: Version) -> Run:
    """Return the run that a version came from, which may have been removed."""
    name = "none"
    with contextlib.suppress(Damaged):  # such a version can be deleted all the same
        name = Path(str(version.record.get("run"))).name  # what was imported may say anything
    return Run(models.home / "runs" / name)


def _send(uri: str, facts: Mapping[str, Any], run: Run) -> None:
    folder = Path(str(run.record.get("file", ""))).parent
    given = {name: text for name, text in SETTINGS.items() if name not in os.environ}
    with tempfile.TemporaryDirectory(prefix="concrete-") as scratch:
        file = Path(scratch) / "facts.json"
        disk.write_json(file, facts)
        words: list[str | Path] = ["--uri", uri, "--facts", file]
        try:
            # Paths in a URI are relative to the experiment, like all paths in it.
            with aside.made_by(
                SCRIPT, "told", words, cwd=folder if folder.is_dir() else None, env=given
            ) as told:
                known = run.record.get("mlflow", {})
                run.note(mlflow=known | disk.read_json(told / "told.json"))
        except ConcreteError as error:
            reason = SECRET.sub("...@", str(error))
            place = SECRET.sub("...@", uri)
            LOG.warning("run %s was not told to MLflow at %s: %s", run.id, place, reason)


def _tracker(run: Run) -> str:
    """Return the URI that the experiment of a run names; one that was removed names none."""
    try:
        return str(run.record.get("tracker", ""))
    except (OSError, Damaged):
        return ""
