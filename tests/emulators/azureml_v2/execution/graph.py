"""A pipeline: every step as soon as what it waits for is there."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from ..cloud import Cloud, Run
from ..routing import Json
from .step import Order, carry_out
from .sweep import run_sweep
from .values import Scope, needs

Say = Callable[[str], None]


def run_graph(cloud: Cloud, root: Run, properties: Json, scope: Scope, say: Say) -> bool:
    """Run the steps of a pipeline; return whether all of them succeeded."""
    steps: Json = properties["jobs"]
    settings = properties.get("settings") or {}
    keep_going = settings.get("continue_on_step_failure", True)
    waits = {name: needs(inner.get("inputs") or {}) for name, inner in steps.items()}
    ended: dict[str, bool] = {}
    pending: dict[Future[bool], str] = {}
    halted = False
    with ThreadPoolExecutor(max(4, len(steps))) as pool:
        while len(ended) < len(steps):
            for name in steps:
                if name in ended or name in pending.values():
                    continue
                blocked = any(ended.get(other) is False for other in waits[name])
                if blocked or halted or root.canceled.is_set():
                    ended[name] = False
                    say(f"{name} does not run")
                elif all(ended.get(other) for other in waits[name]):
                    order = _order(cloud, root, name, steps[name], scope, settings)
                    pending[pool.submit(_one, cloud, order, steps[name], scope, say)] = name
            for future in wait(pending, return_when=FIRST_COMPLETED).done:
                name = pending.pop(future)
                ended[name] = future.result()
                if not ended[name]:
                    halted = halted or not keep_going
                    root.fail(f"Pipeline has failed child jobs. Failed nodes: /{name}.")
    return all(ended.values())


def _order(cloud: Cloud, root: Run, name: str, inner: Json, scope: Scope, settings: Json) -> Order:
    title = inner.get("display_name") or name
    run = Run(f"{root.name}-{name}", "azureml.StepRun", root.name, title)
    run.properties["azureml.pipelinerunid"] = root.name
    run.tags.update(inner.get("tags") or {})
    run.canceled = root.canceled
    cloud.runs[run.name] = run
    spec = cloud.asset(inner["componentId"])["properties"]["componentSpec"]
    inputs = {key: value.get("default") for key, value in (spec.get("inputs") or {}).items()}
    given = {key: scope.value(value) for key, value in (inner.get("inputs") or {}).items()}
    return Order(
        run,
        root.name,
        spec,
        {**inputs, **given},
        {key: str(value) for key, value in (inner.get("environment_variables") or {}).items()},
        (inner.get("limits") or {}).get("timeout"),
        inner.get("outputs") or {},
        not settings.get("force_rerun"),
    )


def _one(cloud: Cloud, order: Order, inner: Json, scope: Scope, say: Say) -> bool:
    name = order.run.name.removeprefix(order.root + "-")
    say(f"{name} starts")
    if inner["type"] == "sweep":
        best = run_sweep(cloud, order.run, order.spec, order.inputs, inner)
        good = best is not None
        order.run.outputs = dict(best.outputs) if best else {}
        order.run.status = "Completed" if good else "Failed"
    else:
        good = carry_out(cloud, order)
    if good:
        scope.outputs[name] = order.run.outputs
    say(f"{name} is {order.run.status}")
    return good
