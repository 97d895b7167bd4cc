"""Checks across tables, made after each value by itself was looked at.

Each module checks one idea and yields problems. They also run on what is valid of an experiment
that has other problems, so that all are shown at once; what somebody wrote, right or wrong, is in
`experiment.origin`.
"""

from __future__ import annotations

from itertools import islice

from concrete_cli.config.checks import columns, features, models, pipeline, settings, sources
from concrete_cli.config.experiment import Experiment
from concrete_cli.config.origin import MOST
from concrete_cli.errors import Problem


def checked(experiment: Experiment) -> list[Problem]:
    """Return every problem that can be found without looking at other files."""
    tables = (columns, features, models, settings, pipeline, sources)
    return [problem for table in tables for problem in islice(table.check(experiment), MOST)]
