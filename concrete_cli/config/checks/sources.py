"""Sources on the web: pinned by what they hold, and without secrets."""

from __future__ import annotations

from collections.abc import Iterator

from concrete_cli.config.experiment import Experiment
from concrete_cli.config.origin import Keys
from concrete_cli.errors import Problem
from concrete_cli.sources import urls

WHERE: Keys = ("data", "source")
SUM: Keys = ("data", "sha256")


def check(experiment: Experiment) -> Iterator[Problem]:
    """Yield sources on the web whose digest is missing or is none, and secrets in URLs."""
    yield from _data(experiment)
    for name, step in experiment.pipeline.steps.items() if experiment.pipeline else ():
        for key, items in step.inputs.items():
            for number, item in enumerate(items):
                if urls.is_url(item):
                    above: Keys = ("pipeline", "steps", name, "inputs", key)
                    where = (*above, number) if experiment.origin.has(*above, number) else above
                    for text, hint in urls.problems(item):
                        told = hint.replace("prints it", "prints it; write URL#sha256=DIGEST")
                        yield experiment.origin.problem(where, f"inputs.{key}: {text}", told)


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
