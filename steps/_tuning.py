"""What all trials together come to: the best of them, their average, the gain, the leaderboard."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from _scores import METRICS, loss, standard_error
from _trials import DONE, FAILED, FILE, STOPPED, Trial, read


def every_trial(folders: Iterable[Path]) -> list[Trial]:
    """Return the trials of all shards, by number."""
    trials = [trial for folder in folders for trial in read(folder / FILE)]
    return sorted(trials, key=lambda trial: trial.number)


def summary(trials: Sequence[Trial], metric: str) -> dict[str, Any]:
    """Return counts, seconds and, as `history`, a line a trial."""
    states = [trial.state for trial in trials]
    return {
        "trials": len(trials),
        **{state: states.count(state) for state in (DONE, STOPPED, FAILED)},
        "seconds": max((trial.elapsed for trial in trials), default=0.0),
        "history": [_line(trial, metric) for trial in trials],
    }


def best_trials(
    trials: Iterable[Trial], metric: str, count: int, without: int | None = None
) -> list[Trial]:
    """Return the best trials that were seen to their end, no two of them the same.

    The fold `without` has no say: so it can judge the choice.
    """

    def rank(trial: Trial) -> tuple[float, int]:
        curve = [score for fold, score in enumerate(trial.curve(metric)) if fold != without]
        return loss(metric, float(np.mean(curve))), trial.number

    found: list[Trial] = []
    whole = (trial for trial in trials if trial.state == DONE and trial.number)
    for trial in sorted(whole, key=rank):
        if len(found) < count and all(trial.params != other.params for other in found):
            found.append(trial)
    return found


def combined(model: str, best: list[Trial]) -> tuple[str, dict[str, Any]]:
    """Return model and params of the best configuration, or of the average of several."""
    if len(best) == 1:
        return model, dict(best[0].params)
    if model == "voting":  # an average of averages is one average of all members
        members = [one for trial in best for one in trial.params["members"]]
        weights = [
            weight / len(best)
            for trial in best
            for weight in trial.params.get("weights") or _even(trial.params["members"])
        ]
        return "voting", {"members": members, "weights": weights}
    return "voting", {"members": [{"model": model, "params": dict(one.params)} for one in best]}


def gained(before: Trial, after: Sequence[Mapping[str, float]], metric: str) -> list[float]:
    """Return by how much each fold's score became better."""
    pairs = zip(before.curve(metric), after, strict=True)
    return [loss(metric, old) - loss(metric, new[metric]) for old, new in pairs]


def beats(gains: Sequence[float]) -> bool:
    """Whether the mean gain is larger than its standard error."""
    return float(np.mean(gains)) > standard_error([*gains])


def cv(folds: Sequence[Mapping[str, float]], metric: str) -> dict[str, float]:
    """Return what candidate.json calls cv: the means, and the metric's standard error."""
    means = {name: float(np.mean([fold[name] for fold in folds])) for name in METRICS}
    return {**means, "se": standard_error([fold[metric] for fold in folds])}


def extended(
    board: dict[str, Any],
    manifest: dict[str, Any],
    tuning: dict[str, Any],
    after: Sequence[Mapping[str, float]],
) -> dict[str, Any]:
    """Return the leaderboard of train with a line for the tuned model.

    The others were compared with the best of train, fold by fold; what of that still holds is kept.
    """
    metric = board["metric"]
    gap = {"mean": -tuning["gain"] if metric != "r2" else tuning["gain"], "se": tuning["gain_se"]}
    name = f"{manifest['candidate']}_tuned"
    line = {
        "candidate": name,
        "model": manifest["model"],
        "status": "done",
        "error": None,
        "cv": cv(after, metric),
        "seconds": tuning["seconds"],
        "bytes": None,
        "difference": gap,
    }
    lines = [*board["candidates"]]
    if tuning["kept"] == "tuned":
        line["difference"] = {"mean": 0.0, "se": 0.0}
        turned = {"mean": -gap["mean"], "se": gap["se"]}
        lines = [
            one | {"difference": turned if one["candidate"] == manifest["candidate"] else None}
            for one in lines
        ]
    lines.append(line)
    lines.sort(key=lambda one: loss(metric, one["cv"][metric]) if one["cv"] else float("inf"))
    selected = name if tuning["kept"] == "tuned" else board["selected"]
    return {"metric": metric, "selected": selected, "candidates": lines}


def _line(trial: Trial, metric: str) -> dict[str, Any]:
    curve = trial.curve(metric)
    return {
        "number": trial.number,
        "state": trial.state,
        "params": trial.params,
        "value": float(np.mean(curve)) if trial.state == DONE else None,
        "folds": len(curve),
        "elapsed_seconds": trial.elapsed,
    }


def _even(members: list[Any]) -> list[float]:
    return [1 / len(members)] * len(members)
