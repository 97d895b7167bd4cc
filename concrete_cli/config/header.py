"""The columns of a data file, as far as they can be had without reading it: a CSV's first line."""

from __future__ import annotations

import csv
import os
from collections import Counter
from pathlib import Path

from concrete_cli import digest, payload
from concrete_cli.config.checks.columns import check_data_columns
from concrete_cli.config.experiment import Experiment
from concrete_cli.config.paths import URI
from concrete_cli.config.read import shown
from concrete_cli.errors import Problem, nearest


def check_data(experiment: Experiment) -> list[Problem]:
    """Return what is wrong with the data's file, or with columns that it does not have.

    What does not stand in a file here (a URL, azureml:) or is not CSV cannot be looked into.
    """
    source = experiment.data.source
    if not source or URI.match(source):
        return []
    path = Path(source)
    if wrong := _file(experiment, path):
        return [wrong]
    names = columns(path, experiment.data.delimiter or "", experiment.data.encoding or "")
    twins = sorted(name for name, count in Counter(names).items() if count > 1)
    if twins:
        message = f"data.source: {shown(path)} has the column {twins[0]!r} twice"
        advice = "rename one in the file's header"
        return [experiment.origin.problem(("data", "source"), message, advice)]
    return check_data_columns(experiment, names) if names else []


def _file(experiment: Experiment, path: Path) -> Problem | None:
    """Say so when the file is not there, closed to us, another one, or empty."""
    what, advice = f"data.source: {shown(path)}", ""
    if os.path.islink(path) and not os.path.exists(path):  # noqa: PTH110, PTH114
        what += " is a link to a file that is not there"
    elif not os.path.exists(path):  # noqa: PTH110  never raises
        near = [other.name for other in path.parent.iterdir()] if path.parent.is_dir() else []
        what = f"data.source: there is no file {shown(path)}"
        advice = nearest(path.name, near)
    elif path.is_dir():
        return None
    elif not path.is_file():
        what += " is neither a file nor a folder"
    elif not os.access(path, os.R_OK):
        what += " may not be read"
        advice = "its owner can change that: chmod"
    elif other := _other(experiment, path):
        return other
    elif path.stat().st_size:
        return None
    else:
        what += " is empty"
        advice = "it needs a header line and rows"
    return experiment.origin.problem(("data", "source"), what, advice)


def _other(experiment: Experiment, path: Path) -> Problem | None:
    """Say so when the file does not hold what the experiment says that it holds."""
    wanted = experiment.data.sha256
    if not wanted or (found := digest.of_file(path)) == wanted:
        return None
    message = f"data.sha256: {shown(path)} holds something else"
    return experiment.origin.problem(("data", "sha256"), message, f"its sha256 is {found}")


def columns(path: Path, delimiter: str = "", encoding: str = "") -> list[str]:
    """Return the names in the header of a CSV file, packed or not; none if it is something else.

    Of a data set, those of its first file count, with those that its folders make.
    """
    step = payload.module("_files")
    try:
        names: list[str] = step.names(path, delimiter, encoding)
    except (OSError, UnicodeError, csv.Error, step.Refused):
        return []
    return names
