"""When a trial is given up: asked after each fold, it is compared with others on the same folds."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean, median
from typing import Any

from _scores import loss

ENOUGH = 4  # trials seen to their end before the median means something


def behind(
    policy: dict[str, Any], metric: str, curve: Sequence[float], others: Sequence[Sequence[float]]
) -> bool:
    """Whether a trial with these scores on the first folds should be given up.

    `others` are the scores of finished trials, a list of one score per fold each. bandit: worse
    than the best of them by more than the slack; median: worse than half of them.
    """
    done = len(curve)
    means = [loss(metric, fmean(other[:done])) for other in others]
    here = loss(metric, fmean(curve))
    if policy["policy"] == "bandit" and means:
        return here > _allowed(policy, metric, min(means))
    if policy["policy"] == "median" and len(means) >= ENOUGH:
        return here > median(means)
    return False


def _allowed(policy: dict[str, Any], metric: str, best: float) -> float:
    """Return the loss up to which a trial goes on."""
    if policy.get("slack_amount") is not None:
        return best + float(policy["slack_amount"])
    factor = 1 + float(policy["slack_factor"])
    if metric != "r2":
        return best * factor
    # r2 is better where it is larger: its loss is -r2, and the slack makes r2 smaller
    return best / factor if best < 0 else best * factor
