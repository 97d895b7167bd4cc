"""Which configuration is tried next: random, grid, sobol, or bayesian (Optuna's TPE).

Trial 0 is the untuned model, trial 1 the family's preset, and from 2 on the search begins. Shard s
of n has the trials s, s + n, s + 2 n ...: shards need not talk, so they run on different machines
as well, and each draws the same points however fast the others are. The points of random, grid
and sobol depend on nothing but the seed and the number; a bayesian shard learns from the trials of
its own. Each trial has a random generator of its own, so a shard that was killed goes on as if
nothing had happened.
"""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Mapping
from importlib import import_module
from typing import Any, Protocol

import numpy as np

from _space import Point, Search, grid, size
from _trials import DONE, STOPPED, Trial

FIRST = 2  # the number of the first trial that is searched for
STARTUP = 10  # points a bayesian shard draws before it begins to learn


class Sampler(Protocol):
    """Something that knows the points of a shard."""

    def ask(self, number: int) -> Point | None:
        """Return the point of a trial; None when there are no more."""

    def tell(self, trial: Trial, loss: float, curve: list[float]) -> None:
        """Take note of a trial that ended, with the loss and the means of its first folds."""


def sampler(sampling: str, space: Mapping[str, Search], seed: int, shard: int) -> Sampler:
    """Return the sampler that an experiment names."""
    if sampling == "bayesian":
        return Bayesian(space, seed, shard)
    return {"random": Random, "sobol": Sobol, "grid": Grid}[sampling](space, seed)


class Random:
    """Points drawn independently."""

    def __init__(self, space: Mapping[str, Search], seed: int) -> None:
        self.names, self.seed = list(space), seed

    def ask(self, number: int) -> Point | None:
        """Return the point of a trial."""
        random = np.random.default_rng([self.seed, number])
        return dict(zip(self.names, random.random(len(self.names)).tolist(), strict=True))

    def tell(self, trial: Trial, loss: float, curve: list[float]) -> None:
        """Learn nothing."""


class Sobol(Random):
    """Points of a scrambled Sobol sequence: spread more evenly than random ones."""

    def ask(self, number: int) -> Point | None:
        """Return the point of a trial."""
        make = import_module("scipy.stats.qmc").Sobol
        with warnings.catch_warnings():  # that the count is no power of two
            warnings.simplefilter("ignore")
            sequence = make(len(self.names), scramble=True, rng=self.seed)
            if number > FIRST:
                sequence.fast_forward(number - FIRST)
            point = sequence.random(1)[0]
        return dict(zip(self.names, point.tolist(), strict=True))


class Grid(Random):
    """Every combination once, in random order: the first ones are no corner of the space."""

    def __init__(self, space: Mapping[str, Search], seed: int) -> None:
        super().__init__(space, seed)
        self.space, self.size = space, size(space)
        self.step = _coprime(self.size, np.random.default_rng(seed))

    def ask(self, number: int) -> Point | None:
        """Return the point of a trial."""
        place = number - FIRST
        if place >= self.size:
            return None
        place = (place * self.step + self.seed) % self.size
        return next(itertools.islice(grid(self.space), place, None))


class Bayesian(Random):
    """Points where Optuna's tree of Parzen estimators expects an improvement."""

    def __init__(self, space: Mapping[str, Search], seed: int, shard: int) -> None:
        super().__init__(space, seed)
        self.optuna = import_module("optuna")
        self.optuna.logging.set_verbosity(self.optuna.logging.ERROR)
        self.study = self.optuna.create_study(direction="minimize")
        self.options = {
            name: len(search["values"])
            for name, search in space.items()
            if search["type"] == "choice"
        }
        float_, category = (
            self.optuna.distributions.FloatDistribution,
            self.optuna.distributions.CategoricalDistribution,
        )
        self.distributions = {
            name: category(tuple(range(self.options[name])))
            if name in self.options
            else float_(0, 1)
            for name in space
        }
        self.shard = shard

    def ask(self, number: int) -> Point | None:
        """Return the point of a trial."""
        if len(self.study.trials) < STARTUP:
            return super().ask(number)
        with warnings.catch_warnings():  # that multivariate sampling is experimental
            warnings.simplefilter("ignore")
            self.study.sampler = self.optuna.samplers.TPESampler(
                multivariate=True, n_startup_trials=0, seed=(self.seed + 7919 * number) % 2**32
            )
            asked = self.study.ask(self.distributions)
        # What is learnt comes in through `tell`, also when a journal is read again.
        self.study.tell(asked, state=self.optuna.trial.TrialState.FAIL)
        return {name: self._share(name, asked.params[name]) for name in self.names}

    def tell(self, trial: Trial, loss: float, curve: list[float]) -> None:
        """Let the study learn of a trial; how far a stopped one came counts, too."""
        states = self.optuna.trial.TrialState
        state = {DONE: states.COMPLETE, STOPPED: states.PRUNED}.get(trial.state)
        if state is None or not trial.point:
            return
        params = {name: self._coordinate(name, trial.point[name]) for name in self.names}
        self.study.add_trial(
            self.optuna.trial.create_trial(
                state=state,
                value=loss if trial.state == DONE else None,
                params=params,
                distributions=self.distributions,
                intermediate_values=dict(enumerate(curve)),
            )
        )

    def _share(self, name: str, coordinate: float) -> float:
        options = self.options.get(name)
        return (coordinate + 0.5) / options if options else float(coordinate)

    def _coordinate(self, name: str, share: float) -> Any:
        options = self.options.get(name)
        return min(int(share * options), options - 1) if options else share


def _coprime(size_: int, random: np.random.Generator) -> int:
    """Return a step that comes to every place of a circle."""
    if size_ < 3:
        return 1
    while np.gcd(step := int(random.integers(1, size_)), size_) != 1:
        pass
    return step
