"""Published pipelines: a plan that anybody may start over REST, and on a schedule."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from azureml.pipeline.core import PublishedPipeline, Schedule, ScheduleRecurrence

from concrete_cli.errors import NotFound
from concrete_cli.plan import Plan

from .. import curl
from ..shapes import Published, Scheduled, each
from .cron import Recurrence, begin
from .errors import clear, status_of
from .parameters import Parameters
from .patience import while_busy

if TYPE_CHECKING:
    from .client import Client

SIGN = "az account get-access-token --query accessToken --output tsv"


def publish(client: Client, plan: Plan, folder: Path, name: str, version: str = "") -> Published:
    """Upload the plan as a pipeline that can be started without this machine."""
    pipeline = client.pipeline(plan, folder)
    with clear(f"publishing {name}"):
        made = while_busy(
            lambda: pipeline.publish(
                name=name,
                description=f"concrete {plan.name}",
                version=version or None,
                continue_on_step_failure=True,
            )
        )
    defaults = dict(Parameters(client.settings.parameters, plan).defaults)
    body = {"ExperimentName": client.experiment_name, "ParameterAssignments": defaults}
    line = curl.post(made.endpoint, body, token=SIGN)
    return Published(made.id, name, made.endpoint, defaults, line)


def schedule(client: Client, published: str, name: str, when: Recurrence) -> Scheduled:
    """Let a published pipeline, by its id, be started again and again.

    A schedule that had the name before starts nothing any more: the service would keep both.
    """
    with clear(f"scheduling {name}"):
        older = [one for one in Schedule.list(client.workspace) if one.name == name]
        made = while_busy(
            lambda: Schedule.create(
                client.workspace,
                name,
                published,
                client.experiment_name,
                recurrence=_recurrence(when),
                continue_on_step_failure=True,
                wait_for_provisioning=True,
                wait_timeout=600,
            )
        )
        for one in older:
            one.disable(wait_for_provisioning=True, wait_timeout=600)
    return _scheduled(made)


def schedules(client: Client) -> list[Scheduled]:
    """Return every schedule, the disabled ones too."""
    with clear("listing the schedules"):
        found = Schedule.list(client.workspace, active_only=False)
        return [_scheduled(one) for one in found]


def disable(client: Client, name: str) -> Scheduled:
    """Disable a schedule by its name or id; the pipeline that it started stays published.

    The service keeps it; nothing in the SDK v1 deletes one.
    """
    with clear(f"disabling schedule {name}"):
        known = Schedule.list(client.workspace, active_only=False)
        found = [one for one in known if name in (one.name, one.id)]
        if not found:
            raise NotFound("schedule in Azure ML", name, [one.name for one in known])
        for one in found:
            if one.status == "Active":
                one.disable(wait_for_provisioning=True, wait_timeout=600)
        return _scheduled(found[0])


def withdraw(client: Client, published: str) -> None:
    """Disable a published pipeline, so that its address starts nothing any more."""
    with clear(f"withdrawing {published}"):
        try:
            PublishedPipeline.get(client.workspace, published).disable()
        except Exception as error:
            if status_of(error) == 404:
                raise NotFound("published pipeline in Azure ML", published) from error
            raise


def _recurrence(when: Recurrence) -> Any:
    weekly = when.frequency in ("Day", "Week")
    start = begin(when, datetime.now(UTC))
    return ScheduleRecurrence(
        frequency=when.frequency,
        interval=when.interval,
        start_time=start.strftime("%Y-%m-%dT%H:%M:%S") if start else None,  # the SDK: in UTC
        hours=list(when.hours) or None if weekly else None,
        minutes=list(when.minutes) or None if weekly else None,
        week_days=list(when.week_days) or None,
    )


def _scheduled(made: Any) -> Scheduled:
    when = made.recurrence
    words = [each(when.interval, when.frequency)] if when else []
    if when and when.week_days:
        words.append("on " + ", ".join(when.week_days))
    if when and when.hours:
        minutes = when.minutes or [0]
        words.append("at " + ", ".join(f"{h:02}:{m:02}" for h in when.hours for m in minutes))
    return Scheduled(made.id, made.name, made.status == "Active", " ".join(words), made.pipeline_id)
