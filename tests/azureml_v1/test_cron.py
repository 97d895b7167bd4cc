"""Cron expressions, and what of them the service can do."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from concrete_cli.backends.azureml.cron import Recurrence, begin, every, recurrence

from concrete_cli.errors import UsageError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("* * * * *", Recurrence("Minute", minutes=(0,))),
        ("*/15 * * * *", Recurrence("Minute", 15, minutes=(0,))),
        ("0 * * * *", Recurrence("Hour", minutes=(0,))),
        ("5 */6 * * *", Recurrence("Hour", 6, minutes=(5,))),
        ("5 */9 * * *", Recurrence("Day", hours=(0, 9, 18), minutes=(5,))),
        ("0 3 * * *", Recurrence("Day", hours=(3,), minutes=(0,))),
        ("0,30 3-5 * * *", Recurrence("Day", hours=(3, 4, 5), minutes=(0, 30))),
        ("0 3 * * 1", Recurrence("Week", hours=(3,), minutes=(0,), week_days=("Monday",))),
        (
            "0 3 * * sat,7",
            Recurrence("Week", hours=(3,), minutes=(0,), week_days=("Sunday", "Saturday")),
        ),
        ("15 4 28 * *", Recurrence("Month", hours=(4,), minutes=(15,), day=28)),
    ],
)
def test_what_a_schedule_can_say(text, expected):
    assert recurrence(text) == expected


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("0 3 * *", "4 fields"),
        ("60 3 * * *", "minute '60' is not within 0 and 59"),
        ("0 24 * * *", "hour '24'"),
        ("0 3 0 * *", "day '0'"),
        ("0 3 * 13 *", "month '13'"),
        ("0 3 * * 8", "weekday '8'"),
        ("0 3 * * funday", "weekday 'funday' is not a number"),
        ("5-1 3 * * *", "minute '5-1'"),
        ("*/0 * * * *", "the step is not within"),
        ("0 3 31 * *", "cannot express"),
        ("0 3 1 * 1", "cannot express"),
        ("0 3 * 6 *", "cannot express"),
        ("*/7 3 * * *", "cannot express"),
        ("*/7 * * * *", "cannot express"),
    ],
)
def test_what_it_cannot(text, why):
    with pytest.raises(UsageError, match=why) as caught:
        recurrence(text)
    assert caught.value.help


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("*/15 * * * *", datetime(2026, 1, 30, 17, 0, tzinfo=UTC)),
        ("5 * * * *", datetime(2026, 1, 30, 17, 5, tzinfo=UTC)),
        ("5 */6 * * *", datetime(2026, 1, 30, 12, 5, tzinfo=UTC)),
        ("0 3 28 * *", datetime(2026, 2, 28, 3, 0, tzinfo=UTC)),
        ("0 3 * * *", None),
    ],
)
def test_the_service_counts_from_when_cron_would(text, expected):
    assert begin(recurrence(text), datetime(2026, 1, 30, 17, 20, 33, tzinfo=UTC)) == expected
    assert begin(every("30m"), datetime(2026, 1, 30, tzinfo=UTC)) is None


def test_spans_of_time():
    assert every("12h") == Recurrence("Hour", 12)
    assert every("2w") == Recurrence("Week", 2)
    for text in ("0h", "1.5h", "12", "h", ""):
        with pytest.raises(UsageError, match="span of time"):
            every(text)
