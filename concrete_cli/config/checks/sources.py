"""Sources on the web: pinned by what they hold, and without secrets."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from concrete_cli.config.experiment import Experiment
from concrete_cli.config.origin import Keys
from concrete_cli.config.words import dotted
from concrete_cli.errors import Problem
from concrete_cli.sources import urls

WHERE: Keys = ("data", "source")
SUM: Keys = ("data", "sha256")
WEB = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,30}://[^\s\"'<>]+")


def check(experiment: Experiment) -> Iterator[Problem]:
    """Yield sources on the web whose digest is missing or is none, and secrets in any URL."""
    yield from _data(experiment)
    yield from _secrets(experiment)
    for name, step in experiment.pipeline.steps.items() if experiment.pipeline else ():
        for key, items in step.inputs.items():
            for number, item in enumerate(items):
                if urls.is_url(item):
                    above: Keys = ("pipeline", "steps", name, "inputs", key)
                    where = (*above, number) if experiment.origin.has(*above, number) else above
                    for text, hint in urls.problems(item):
                        told = hint.replace("prints it", "prints it; write URL#sha256=DIGEST")
                        yield experiment.origin.problem(where, f"inputs.{key}: {text}", told)


def _secrets(experiment: Experiment) -> Iterator[Problem]:
    """Yield secrets in URLs that are no sources: what steps are given is written down as well."""
    for keys, text in _texts(experiment.origin.data, ()):
        if keys == WHERE or (keys[:2] == ("pipeline", "steps") and keys[3:4] == ("inputs",)):
            continue
        for url in WEB.findall(text):
            for told, _ in urls.secrets(url):
                hint = "leave it out: whoever needs it reads it from an environment variable"
                yield experiment.origin.problem(keys, f"{dotted(keys)}: {told}", hint)


def _texts(value: Any, above: Keys) -> Iterator[tuple[Keys, str]]:
    if isinstance(value, str):
        yield above, value
    elif isinstance(value, Mapping):
        for key, below in value.items():
            yield (*above, key), key
            yield from _texts(below, (*above, key))
    elif isinstance(value, list):
        for number, below in enumerate(value):
            yield from _texts(below, (*above, number))


def _data(experiment: Experiment) -> Iterator[Problem]:
    source, sha256 = experiment.data.source, experiment.data.sha256
    problem = experiment.origin.problem
    if urls.is_url(source):
        url, there = urls.split(source)
        for text, hint in urls.secrets(url):
            yield problem(WHERE, f"data.source: {text}", hint)
        if sha256 and there and sha256 != there:
            yield problem(SUM, "data.sha256: the source names another one", "leave one of them out")
            return
        for text, hint in urls.digest_problems(url, there or sha256 or ""):
            yield problem(WHERE if there or not sha256 else SUM, f"data.sha256: {text}", hint)
    elif sha256 and urls.is_named(source):
        text = "data.sha256 is for a URL or a file, not for what a backend looks up"
        yield problem(SUM, text, at_key=True)
    elif sha256:
        for text, _ in urls.digest_problems(source, sha256):
            yield problem(SUM, f"data.sha256: {text}", "`sha256sum FILE` prints it")
