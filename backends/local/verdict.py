"""What becomes of an attempt that has ended: done, failed, or tried again."""

from __future__ import annotations

from dataclasses import dataclass

from concrete_cli.errors import NotFound

from .attempt import Attempt
from .inputs import Inputs
from .orders import Ended
from .recipe import Recipes

STUCK = 0.1  # a child that used less of its time than this was waiting, not working
EDITS = 3  # times a step is run again because what it is made of became another one meanwhile


@dataclass(frozen=True)
class Verdict:
    """No `reason` means done; `again` that there is another attempt, `cold` in what way."""

    reason: str = ""
    again: bool = False
    cold: bool = False


def judge(
    attempt: Attempt, ended: Ended, recipes: Recipes, inputs: Inputs, seconds: float
) -> Verdict:
    """Judge an attempt by how its process ended, what it left, and what became of its inputs.

    What ran while its code or source was edited is neither kept nor blamed: nobody knows which
    of the two it has read.
    """
    if not attempt.stopping:
        try:
            edited = recipes.of(attempt.step, inputs.content) != attempt.recipe
        except (NotFound, OSError) as error:
            return Verdict(f"lost its code or source while it ran: {error}")
        if edited:
            again = attempt.number <= EDITS
            return Verdict("its code or source was edited while it ran", again, attempt.cold)
    reason = attempt.failure(ended)
    damage = "" if reason else inputs.damage(attempt.step)
    if (reason or damage) and not attempt.stopping and inputs.overtaken(attempt.step):
        again = attempt.number <= EDITS
        return Verdict("its input was made anew by another run", again, attempt.cold)
    if reason:
        stuck = bool(attempt.stopping) and not attempt.cold and ended.cpu < STUCK * seconds
        again = stuck or attempt.number <= attempt.step.retries
        return Verdict(reason, again, attempt.cold or stuck)
    if damage:
        return Verdict(f"found its input changed while it ran: {damage}")
    return Verdict()
