"""The shapes of the documents in a home, an exported model and a bundle (see shape.py)."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from concrete_cli.shape import (
    ANY,
    COUNT,
    FLAG,
    LINE,
    NAME,
    NUMBER,
    POSITIVE,
    SHA256,
    TABLE,
    TEXT,
    Kind,
)

MODULE = Kind(
    "the name of a module",
    lambda value: isinstance(value, str) and all(map(str.isidentifier, value.split("."))),
)
WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")  # of a model, an alias, an endpoint
FILE = Kind("the name of a file", lambda value: NAME.fits(value) and _is_relative(value))
LIBRARY = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+!_-]{0,99}")  # also its version
STEP = re.compile(r"[a-z][a-z0-9_]*")
SUMS = {"*": TEXT}  # file -> sha256, `link:...` or `special`

# --- models

COLUMN = {
    "name": TEXT,
    "kind": Kind("number, boolean or category", ("number", "boolean", "category").__contains__),
    "dtype?": TEXT,
    "unit?": TEXT,
    "min?": NUMBER,
    "max?": NUMBER,
    "choices?": [ANY],
    "missing": FLAG,
    "more_choices?": FLAG,
}
SIGNATURE = {
    "target": TEXT,
    "target_unit?": TEXT,
    "columns": [COLUMN],
    "features": {"*": TEXT},
}
INTERVAL = {
    "coverage": POSITIVE,
    "half_width?": POSITIVE,
    "at": [NUMBER],
    "half_widths": [POSITIVE],
    "rows?": COUNT,
    "method?": TEXT,
}
MANIFEST = {
    "format?": COUNT,
    "candidate?": NAME,
    "model": NAME,
    "params": TABLE,
    "cv?": {"*": (NUMBER, None)},
    "metric?": LINE,
    "signature?": SIGNATURE,
    "interval?": INTERVAL,
    "versions?": {"*": LIBRARY},
    "types?": [LINE],
    "code?": {"*": SHA256},
    "imports?": [MODULE],
    "files?": {"*": SHA256},
}
METRICS = {
    "rows?": COUNT,
    "rmse?": NUMBER,
    "mae?": NUMBER,
    "r2?": NUMBER,
    "rmse_ci?": [NUMBER],
    "coverage?": NUMBER,
    "width?": NUMBER,
}
SAMPLE = {"request": {"data": [TABLE]}, "answer": {"predictions": [NUMBER]}}
ITEM = ({"source": TEXT}, {"output": NAME})
PLAN = {
    "name": NAME,
    "steps": [
        {
            "name": STEP,
            "script": NAME,
            "inputs": {"*": (ITEM, [ITEM])},
            "outputs": {"*": ("upload", "mount")},
            "params": TABLE,
            "compute?": TEXT,
            "cpus?": COUNT,
            "timeout?": POSITIVE,
            "retries?": COUNT,
            "reuse?": FLAG,
            "optional?": FLAG,
            "modules?": [NAME],
            "libraries?": [MODULE],
            "after?": [STEP],
        }
    ],
    "publishes": {"*": NAME},
}
RECIPE = {
    "script": NAME,
    "code": {"*": TEXT},
    "params": TABLE,
    "inputs": {"*": TEXT},
    "outputs": [STEP],
    "python": LINE,
    "versions": {"*": LINE},
}
WHEN = Kind("a date and a time", lambda value: _is_line(value) and _is_when(value))
RUN = {
    "format": COUNT,
    "id?": NAME,
    "number?": COUNT,
    "created": WHEN,
    "workflow?": LINE,
    "experiment?": TEXT,
    "file?": TEXT,
    "backend?": LINE,
    "settings?": TABLE,
    "sets?": [TEXT],
    "tracker?": TEXT,
    "options": {"jobs": COUNT, "cold": FLAG, "reuse": FLAG, "force": [TEXT]},
    "files?": {"*": SHA256},
    "handle?": TEXT,
    "earlier?": [TEXT],
    "remote?": FLAG,
    "seconds?": POSITIVE,
    "memory?": COUNT,
    "events?": COUNT,
    "registered?": {"name": LINE, "version": (COUNT, LINE)},
    "out?": TEXT,
    "mlflow?": TABLE,
}
ENTRY = {
    "step?": TEXT,
    "run?": TEXT,
    "seconds?": POSITIVE,
    "created": NUMBER,
    "recipe": TABLE,
    "outputs": {"*": SUMS},
    "failure?": TEXT,
}
LINEAGE = {
    "format?": COUNT,
    "git?": {"commit": LINE, "changed": FLAG},
    "shares?": [COUNT],
    "runs?": [
        {
            "run": LINE,
            "workflow": LINE,
            "experiment?": TEXT,
            "file?": TEXT,
            "text": TEXT,
            "plan": PLAN,
            "steps": {"*": {"recipe": RECIPE, "outputs": {"*": SUMS}, "made_by?": LINE}},
        }
    ],
}
VERSION = {
    "format": COUNT,
    "name": WORD,
    "number": COUNT,
    "created": LINE,
    "content": LINE,
    "added": [FILE],
    "files": SUMS,
    "run?": LINE,
    "experiment?": LINE,
    "imported?": {"name": LINE, "version": COUNT},
    "pulled?": LINE,
}
OF_A_MODEL = {
    "manifest.json": MANIFEST,
    "metrics.json": METRICS,
    "sample.json": SAMPLE,
    "lineage.json": LINEAGE,
}
# --- what steps leave

SCORE = (NUMBER, None)
LEADERBOARD = {
    "candidates": [
        {
            "candidate": TEXT,
            "status": LINE,
            "error?": TEXT,
            "cv?": {"rmse": SCORE, "mae": SCORE, "r2": SCORE, "se?": NUMBER},
            "difference?": {"mean": SCORE, "se": SCORE},
            "seconds?": POSITIVE,
        }
    ],
    "selected?": TEXT,
    "metric?": LINE,
}
TUNING = {
    "trials": COUNT,
    "seconds?": POSITIVE,
    "best?": NUMBER,
    "gain?": NUMBER,
    "gain_se?": NUMBER,
    "kept": LINE,
    "untuned?": NUMBER,
    "metric": LINE,
    "done?": COUNT,
    "stopped?": COUNT,
    "failed?": COUNT,
    "history?": [{"number": COUNT, "value?": NUMBER}],
}
SCORED = {"rows": COUNT, "warned": COUNT, "odd": {"*": COUNT}, "seconds": POSITIVE}
GATES = {"gates": [{"metric": LINE, "rule": LINE, "value?": NUMBER, "met": FLAG}]}
PROFILE = {
    "target?": TEXT,
    "columns?": [{"name": TEXT, "unit?": TEXT}],
    "notices?": [TEXT],
    "warnings?": [TEXT],
}
OF_OUTPUTS = {
    "leaderboard.json": LEADERBOARD,
    "tuning.json": TUNING,
    "gates.json": GATES,
    "metrics.json": METRICS,
    "profile.json": PROFILE,
    "manifest.json": MANIFEST,
}
BUNDLE = {
    "format": COUNT,
    "model": NAME,
    "sample": SAMPLE,
    "versions": {"*": LIBRARY},
    "files": {"*": SHA256},
}

# --- endpoints and published plans

ENDPOINT = {
    "name": WORD,
    "model": NAME,
    "bundle": re.compile(r"bundle-[0-9a-f]{12}"),
    "host": NAME,
    "port": COUNT,
    "workers": COUNT,
    "created": POSITIVE,
    "hosts?": [LINE],
    "origins?": [LINE],
    "root_path?": LINE,
    "max_bytes?": COUNT,
    "max_rows?": COUNT,
    "max_connections?": COUNT,
    "timeout?": POSITIVE,
    "read_timeout?": POSITIVE,
    "idle_timeout?": POSITIVE,
}
PROCESS = {"pid": COUNT, "began": LINE}
PUBLISHED = {
    "name": NAME,
    "url": LINE,
    "port": COUNT,
    "facts": TABLE,
    "parameters": [TEXT],
    "files?": {"*": SHA256},
}

# --- registry

ALIASES = {"format": 2, "aliases": {"*": COUNT}}
REMOVED = {"format": 2, "removed": [COUNT]}
NEWEST = {"format": 2, "number": COUNT, "of": COUNT}


def _is_line(value: Any) -> bool:
    return LINE.fits(value)


def _is_when(text: str) -> bool:
    try:
        return bool(datetime.fromisoformat(text))
    except ValueError:
        return False


def _is_relative(name: str) -> bool:
    return not name.startswith("/") and ".." not in name.split("/")
