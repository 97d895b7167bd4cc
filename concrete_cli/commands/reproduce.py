"""Running the recorded experiment of a model again, and saying whether it comes to the same.

It is run in a home of its own, so that nothing is reused and nothing here is disturbed, from the
inputs that were recorded, as far as they still exist. A tuned model is tuned again by as many
trials as then, whatever the time they take.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from concrete_cli import digest, disk, documents, execute, formats, home, lines, payload
from concrete_cli.backend import Backend, Options
from concrete_cli.cache import Cache
from concrete_cli.errors import Damaged, NotFound, StepFailed, UsageError
from concrete_cli.execute import Prepared, Request
from concrete_cli.registry.lineage import of
from concrete_cli.registry.models import Models, Version
from concrete_cli.runs import Run
from concrete_cli.sources import fetching, urls
from concrete_cli.workspace import Workspace

Watch = Callable[[Run, Workspace, Backend], None]
Facts = Mapping[str, Any]
OUR_WORKFLOWS = ("train", "finetune")
FROM_ELSEWHERE = {"imported", "pulled"}  # what version.json says of such a version
SCORES = ("rows", "rmse", "mae", "r2", "coverage", "width")
SAME = ("model.skops", "oof.parquet", "predictions.parquet", "rows.parquet", "folds.parquet")


def reproduce(space: Workspace, ref: str, watch: Watch, *, trust: bool = False) -> dict[str, Any]:
    """Return model, same, metrics (then and now), files and differences.

    `watch` sees a run through and raises what it fails of. A version that came from elsewhere
    runs code that did not come with concrete only if that is to be `trust`ed.
    """
    version = Models(space.home).load(ref)
    runs = version.lineage.get("runs", [])
    if not runs:
        hint = "it was registered without one: nobody knows how it was made"
        raise NotFound("lineage", version.ref, help=hint)
    missing = [*_missing(runs, space.home)]
    if missing:
        return _told(version, None, missing)
    scratch = space.home / "tmp" / f"reproduce-{uuid.uuid4().hex}"
    with home.in_use(space.home):
        try:
            fetching.share(space.home, home.prepare(scratch / "home"))
            again = _again(scratch, version, runs, watch, trust=trust)
            found = _told(version, again, [*_differences(version, again)])
        except StepFailed as failed:  # its log and what replays it are in there
            failed.help = f"read its log; this attempt stays until `concrete gc`: {scratch}"
            raise
        except BaseException:
            disk.remove(scratch)
            raise
        disk.remove(scratch)
        return found


def _again(
    scratch: Path, version: Version, runs: list[Facts], watch: Watch, *, trust: bool
) -> dict[str, Any]:
    """Run the runs that led to a version, the first one first; return the last one's facts."""
    given: dict[str, Any] = {}
    trust = trust or not version.record.keys() & FROM_ELSEWHERE
    for number, facts in enumerate(reversed(runs)):
        folder = scratch / str(number)
        folder.mkdir()
        file = folder / "experiment.toml"
        file.write_text(facts["text"], encoding="utf-8")
        request = Request(
            facts["workflow"],
            file,
            scratch / "home",
            options=Options(reuse=False),
            given=given | {"shares": version.lineage.get("shares", ())},
        )
        prepared = execute.prepare(request)
        if not trust and (code := _own_code(prepared)):
            place = version.path.parents[2]
            trusting = lines.line("reproduce", version.ref, "--trust-code", home=place)
            raise UsageError(
                f"{version.ref} came from elsewhere, and to make it again is to run {code[0]},"
                " which did not come with concrete",
                help=f"read its lineage.json in {version.path} first; if you trust whose it is:"
                f" {trusting}",
            )
        # A repetition is nothing to track, and an address from elsewhere nothing to call.
        prepared = replace(prepared, planned=replace(prepared.planned, mlflow=""))
        run = execute.submit(prepared)
        watch(run, prepared.workspace, prepared.backend)
        given = {"start": run.id}
    place = prepared.workspace.home
    entry = Cache(place).entry(run.last_events()["register"].entry)
    return {
        "runs": of(run, place)["runs"],
        "metrics": documents.read(entry.output("model") / "metrics.json", formats.METRICS),
    }


def _own_code(prepared: Prepared) -> list[str]:
    """Return what a plan would run that did not come with concrete: scripts and classes.

    Of pipelines of one's own even a script of ours may run what it is pointed to.
    """
    if prepared.request.workflow not in OUR_WORKFLOWS:
        return [f"a pipeline ({prepared.request.workflow})"]
    parts = payload.module("_families").parts
    candidates = prepared.experiment.train.candidates.values()
    steps = prepared.plan.steps
    return [
        *(step.script for step in steps if Path(step.script).name != step.script),
        *(file for step in steps for file in step.modules),
        *(part for one in candidates for part in parts(one.model, one.params) if ":" in part),
    ]


def _missing(runs: list[Facts], home_: Path) -> Iterator[str]:
    """Yield what went in from outside and is not there any more, or not as it was."""
    for uri, recorded in inputs(runs):
        path = Path(uri)
        if uri.startswith(("run:", "model:")):
            continue
        if urls.is_url(uri):
            try:
                fetching.bring(uri, home_)
            except (NotFound, Damaged) as error:
                yield f"the input {urls.shown(uri)} is gone, or another one: {error}"
        elif not path.exists():
            yield f"the input {uri} is gone"
        elif digest.of_path(path) != recorded:
            yield f"the input {uri} has changed: sha256 {recorded[:12]} is now other"


def inputs(runs: list[Facts]) -> Iterator[tuple[str, str]]:
    """Yield name and digest of each source of the runs."""
    for run in runs:
        for step in run["plan"]["steps"]:
            recipe = run["steps"].get(step["name"], {}).get("recipe", {})
            for name, item in step["inputs"].items():
                if (
                    isinstance(item, dict)
                    and item.get("source")
                    and name in recipe.get("inputs", {})
                ):
                    yield item["source"], recipe["inputs"][name]


def _differences(version: Version, again: Facts) -> Iterator[str]:
    """Yield the ingredients that differ; where none does, the first output that does."""
    pairs = list(_steps(version.lineage["runs"], again["runs"]))
    found = [line for name, then, now in pairs for line in _ingredients(name, then, now)]
    yield from dict.fromkeys(found)
    if found:
        return
    for name, then, now in pairs:
        for output, files in then["outputs"].items():
            for file in sorted(set(files) & set(SAME)):
                if files[file] != now["outputs"].get(output, {}).get(file):
                    yield f"{name}: {output}/{file} is another, of the same ingredients"
                    return


def _steps(then: list[Facts], now: list[Facts]) -> Iterator[tuple[str, Facts, Facts]]:
    for one, other in zip(reversed(then), reversed(now), strict=False):
        for step in one["plan"]["steps"]:
            name = step["name"]
            if name in one["steps"] and name in other["steps"]:
                yield f"{one['workflow']}.{name}", one["steps"][name], other["steps"][name]


def _ingredients(name: str, then: Facts, now: Facts) -> Iterator[str]:
    """Yield what differs between two recipes, inputs from other steps left aside."""
    old, new = then["recipe"], now["recipe"]
    for part in ("code", "params", "versions"):
        for key in sorted({*old[part], *new[part]}):
            before, after = old[part].get(key), new[part].get(key)
            if before != after and not _expected(part, key):
                yield f"{name}: {part}.{key} {_short(before)} -> {_short(after)}"
    if old["python"] != new["python"]:
        yield f"{name}: python {old['python']} -> {new['python']}"


def _expected(part: str, key: str) -> bool:
    """Whether a difference is of the repetition's own making."""
    return part == "params" and key in ("budget", "trials")


def _told(version: Version, again: Facts | None, differences: list[str]) -> dict[str, Any]:
    then = version.metrics
    now = again["metrics"] if again else {}
    files = {}
    if again:
        pairs = list(_steps(version.lineage["runs"], again["runs"]))
        last = {name: (one, other) for name, one, other in pairs}
        for name, output, file in (
            ("register", "model", "model.skops"),
            ("evaluate", "report", "predictions.parquet"),
        ):
            one, other = last.get(f"finetune.{name}", ({}, {}))
            files[file] = _digest(one, output, file) == _digest(other, output, file) is not None
    metrics = {name: [then.get(name), now.get(name)] for name in SCORES}
    same = bool(again) and all(one == other for one, other in metrics.values())
    return {
        "model": version.ref,
        "same": same and files.get("predictions.parquet", False),
        "metrics": metrics,
        "files": files,
        "differences": differences,
    }


def _digest(step: Facts, output: str, file: str) -> str | None:
    found = step.get("outputs", {}).get(output, {}).get(file)
    return str(found) if found else None


def _short(value: Any) -> str:
    text = "nothing" if value is None else str(value)
    return text[:12] if len(text) == 64 else text
