"""Try configurations of the selected model: one shard of the search, on the folds of training.

Trial 0 is the untuned model, whose scores are known, trial 1 the family's preset. A trial is
scored fold by fold and given up as soon as it is clear that it comes to nothing.
"""

from __future__ import annotations

import argparse
import json
import time
import traceback
import warnings
from collections.abc import Mapping
from pathlib import Path
from statistics import fmean
from typing import Any

from _folds import Folds, load_libraries, untuned
from _manifest import check_sums
from _scores import METRICS, loss
from _search import FIRST, Sampler, sampler
from _space import values
from _spaces import merged, preset
from _step import arguments, cpus, json_value, limit_threads, may_pass, report, run
from _stopping import behind
from _trials import DONE, FAILED, STOPPED, Journal, Trial

OFTEN = 1.0  # seconds between lines of progress


def parser() -> argparse.ArgumentParser:
    """Return the arguments of this step."""
    it = arguments(__doc__)
    it.add_argument("--space", type=json_value, required=True, help="parameter -> expression")
    it.add_argument("--sampling", choices=("random", "grid", "bayesian", "sobol"), required=True)
    it.add_argument("--early-stop", type=json_value, default={"policy": "none"})
    it.add_argument("--metric", choices=METRICS, default="rmse")
    it.add_argument("--seed", type=int, default=0)
    it.add_argument("--shard", type=int, default=0, help="which part of the trials, from 0")
    it.add_argument("--shards", type=int, default=1, help="in how many parts they are")
    it.add_argument("--trials", type=int, required=True, help="of all shards together")
    it.add_argument("--budget", type=float, default=0, help="seconds; 0: no limit")
    it.add_argument("--train", type=Path, required=True, help="what split left")
    it.add_argument("--untuned", type=Path, required=True, help="the model that train selected")
    it.add_argument("--tried", type=Path, required=True, help="output: trials.jsonl")
    return it


def main(args: argparse.Namespace) -> None:
    """Write trials.jsonl, metrics.json."""
    manifest = check_sums(args.untuned)
    load_libraries(manifest["model"], manifest["params"])
    limit_threads()
    folds = Folds(args.train, args.seed, cpus())
    journal = Journal(args.tried)
    shard = Shard(args, manifest, folds, journal)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # hundreds of fits would say the same hundreds of times
        shard.run()
    journal.finish(args.tried)
    if failed := [trial for trial in journal.trials if trial.may_pass]:
        may_pass(f"trial {failed[0].number} failed: {failed[0].error}")
    states = [trial.state for trial in journal.trials]
    counts = {state: states.count(state) for state in (DONE, STOPPED, FAILED)}
    best = min((trial.loss(args.metric) for trial in journal.trials), default=float("nan"))
    report(
        {"trials": len(states), **counts, "best_loss": best, "seconds": shard.elapsed()},
        args.tried,
    )


class Shard:
    """The trials that fall to this step, one after the other."""

    def __init__(
        self, args: argparse.Namespace, manifest: dict[str, Any], folds: Folds, journal: Journal
    ) -> None:
        self.args, self.folds, self.journal = args, folds, journal
        self.model, self.params = manifest["model"], manifest["params"]
        self.untuned = untuned(args.untuned, folds, self.params)
        self.sampler: Sampler = sampler(args.sampling, args.space, args.seed, args.shard)
        self.finished = [self.untuned.curve(args.metric)]
        self.known = {_key(self.params): self.untuned.folds}
        self.best = self.untuned.loss(args.metric)
        self.before = journal.trials[-1].elapsed if journal.trials else 0.0
        self.begin = time.perf_counter()
        self.told = 0.0

    def elapsed(self) -> float:
        """Return the seconds that this shard has worked, earlier tries of the step included."""
        return self.before + time.perf_counter() - self.begin

    def run(self) -> None:
        """Go on after the last trial in the journal, to the last one or to the end of the time."""
        args = self.args
        numbers = range(args.shard, args.trials, args.shards)
        self._take_up()
        for number in numbers[len(self.journal.trials) :]:
            if self._late():
                break
            trial = self._try(number)
            if trial is None:
                break
            self.journal.add(trial)
            self._learn(trial)
            self._tell(len(numbers))
        self.told = 0.0
        self._tell(len(numbers))

    def _take_up(self) -> None:
        """Learn from the journal of a try before this one, up to a failure that has passed.

        The trials behind that one would have been others without it.
        """
        for place, known in enumerate(self.journal.trials):
            if known.may_pass and not self._fails_again(known):
                self.journal.cut(place)
                return
            self._learn(known)

    def _fails_again(self, known: Trial) -> bool:
        state, _, error = self._score(dict(known.params))
        return (state, error) == (known.state, known.error)

    def _try(self, number: int) -> Trial | None:
        """Return what came of a trial; None when there is none, or no time for it."""
        if number == 0:
            return self.untuned
        point = self.sampler.ask(number) if number >= FIRST else {}
        if point is None:
            return None
        params = preset(self.model, self.params)
        if number >= FIRST:
            params = merged(self.model, self.params, values(self.args.space, point))
        begin = time.perf_counter()
        state, scores, error = self._score(params)
        if state == "late":
            return None
        seconds = time.perf_counter() - begin
        return Trial(number, state, params, point, tuple(scores), seconds, self.elapsed(), error)

    def _score(self, params: dict[str, Any]) -> tuple[str, list[Mapping[str, float]], str]:
        args = self.args
        scores: list[Mapping[str, float]] = []
        if same := self.known.get(_key(params)):
            return DONE, [*same], ""
        for number in range(self.folds.count):
            if number and self._late():
                return "late", scores, ""
            try:
                predicted = self.folds.predict(number, self.model, params)
            except Exception as error:  # noqa: BLE001  any library may raise anything
                traceback.print_exc()
                return FAILED, scores, f"{type(error).__name__}: {error}"
            scores.append(self.folds.score(number, predicted))
            curve = [fold[args.metric] for fold in scores]
            last = number == self.folds.count - 1
            if not last and behind(args.early_stop, args.metric, curve, self.finished):
                return STOPPED, scores, ""
        return DONE, scores, ""

    def _learn(self, trial: Trial) -> None:
        metric = self.args.metric
        curve = trial.curve(metric)
        means = [loss(metric, fmean(curve[: end + 1])) for end in range(len(curve))]
        self.sampler.tell(trial, trial.loss(metric), means)
        if trial.state == DONE and trial.number:
            self.finished.append(curve)
            self.known[_key(trial.params)] = trial.folds
            self.best = min(self.best, trial.loss(metric))

    def _late(self) -> bool:
        return bool(self.args.budget) and self.elapsed() >= self.args.budget

    def _tell(self, count: int) -> None:
        if time.perf_counter() - self.told < OFTEN:
            return
        self.told = time.perf_counter()
        args, sign = self.args, -1 if self.args.metric == "r2" else 1
        best, untuned_ = sign * self.best, sign * self.untuned.loss(args.metric)
        # The folds that chose it say so: what counts in the end is measured on folds that did not.
        words = [
            f"progress: {len(self.journal.trials)} of {count} trials",
            f"best {args.metric} {best:.4g} (optimistic; untuned {untuned_:.4g})",
        ]
        if args.budget:
            words.append(f"{max(0, args.budget - self.elapsed()):.0f} s left")
        print(", ".join(words), flush=True)


def _key(params: Mapping[str, Any]) -> str:
    return json.dumps(params, sort_keys=True)


if __name__ == "__main__":
    run(parser, main)
