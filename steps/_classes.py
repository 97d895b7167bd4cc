"""A target that looks like classes: it is predicted as a number all the same."""

from __future__ import annotations

from collections.abc import Sequence

MOST = 10  # classes
FEWEST_ROWS = 5  # of each class


def notice(target: str, values: Sequence[float], rows: int) -> str:
    """Return a warning where the different `values` of a target, in order, may be classes.

    `rows` is how many have a value.
    """
    count = len(values)
    whole = all(value == int(value) for value in values)
    if not 2 <= count <= (MOST if whole else 2) or rows < (FEWEST_ROWS if count > 2 else 2) * count:
        return ""
    shown = ", ".join(f"{value:g}" for value in values)
    return (
        f"the target {target!r} has only {count} different values ({shown}). If they are classes:"
        " this trains a REGRESSION, whose predictions lie between them and whose scores (rmse, mae,"
        " r2) do not count right and wrong classes. Classification is not supported yet"
    )
