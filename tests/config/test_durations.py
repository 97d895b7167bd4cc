from __future__ import annotations

import pytest

from concrete_cli import durations


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("90s", 90),
        ("10m", 600),
        ("2h", 7200),
        ("30d", 30 * 86400),
        ("1w", 604800),
        ("250ms", 0.25),
        ("1.5 h", 5400),
        ("1h30m", 5400),
        ("1h 30m ", 5400),
        ("10M", 600),
        ("90", 90),
        (90, 90),
        (0.5, 0.5),
        (0, 0),
        ("0s", 0),
    ],
)
def test_durations(value, seconds):
    assert durations.parse(value) == seconds


@pytest.mark.parametrize(
    "value",
    [
        *("", " ", "m", "10 minutes", "-5s", "1h-5m", "s10", "1e3s", "nan", "inf", "10m\0", "1 0s"),
        *(-1, float("nan"), float("inf"), "9" * 400, 10**400, "101000w", True, None, []),
    ],
)
def test_what_is_none(value):
    with pytest.raises(ValueError, match='expected a duration such as "90s"'):
        durations.parse(value)
