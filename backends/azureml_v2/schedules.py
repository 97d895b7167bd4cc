"""Schedules: a plan that Azure starts by itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from concrete_cli.plan import Plan

from ..shapes import Scheduled, each
from .client import Client
from .cron import check, recurrence
from .prepare import prepare
from .sdk import entities


def schedule(
    client: Client, plan: Plan, name: str, folder: Path, *, cron_text: str, every: str
) -> Scheduled:
    """Run a plan by `cron_text`, five fields in UTC, or `every` 30m, 12h, 1d, 1w."""
    check(cron_text, every)
    trigger = (
        entities.CronTrigger(expression=cron_text, time_zone="UTC")
        if cron_text
        else entities.RecurrenceTrigger(**recurrence(every))
    )
    compiled = prepare(client, plan, folder)
    wanted = entities.JobSchedule(name=name, trigger=trigger, create_job=compiled.pipeline)
    made = client.call(
        f"create the schedule {name}", lambda ml: ml.schedules.begin_create_or_update(wanted)
    )
    return _scheduled(made)


def schedules(client: Client) -> list[Scheduled]:
    """Return every schedule, the disabled ones too."""
    found = client.call("list the schedules", lambda ml: list(ml.schedules.list()))
    return [_scheduled(one) for one in found]


def disable(client: Client, name: str) -> Scheduled:
    """Keep a schedule, but let it start nothing."""
    client.call(f"disable the schedule {name}", lambda ml: ml.schedules.begin_disable(name))
    return _scheduled(client.call(f"find the schedule {name}", lambda ml: ml.schedules.get(name)))


def delete(client: Client, name: str) -> None:
    """Remove a schedule; Azure lets go only of a disabled one."""
    disable(client, name)
    client.call(f"delete the schedule {name}", lambda ml: ml.schedules.begin_delete(name))


def _scheduled(made: Any) -> Scheduled:
    trigger = made.trigger
    when = getattr(trigger, "expression", None)
    when = when or each(trigger.interval, str(trigger.frequency))
    name = getattr(made.create_job, "display_name", None) or made.name
    return Scheduled(str(made.id or made.name), made.name, bool(made.is_enabled), when, name)
