"""train: prepare -> split -> train_<candidate>, each in parallel -> select -> evaluate."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from concrete_cli import code, installed, payload
from concrete_cli.plan import Item, Output, Plan, Source, Step
from concrete_cli.sources import urls
from concrete_cli.workflows.settings import settled

if TYPE_CHECKING:
    from concrete_cli.config import Experiment

COVERAGE = 0.9
BOOTSTRAPS = 1000


def first(_: Path) -> list[str]:
    """Return the scripts that run first, whatever the experiment file says."""
    return ["prepare.py"]


def train(experiment: Experiment) -> Plan:
    """Return the plan that tries every candidate of the experiment and tests the best one."""
    steps = [prepare(experiment), split(experiment), *tries(experiment)]
    modules = own_modules(experiment)
    names = list(experiment.train.candidates)
    libraries = tuple(dict.fromkeys(name for step in steps for name in step.libraries))
    select = Step(
        "select",
        "choose.py",
        inputs={
            "train": Output("split", "train"),
            "candidates": tuple(Output(f"train_{name}", "candidate") for name in names),
        },
        outputs=(Output("select", "model"), Output("select", "leaderboard")),
        params={"names": names, "metric": experiment.train.metric, "coverage": COVERAGE},
    )
    tested = evaluate(experiment, Output("split", "test"), modules, libraries)
    every = (*steps, select, tested)
    return Plan("train", tuple(settled(experiment, step) for step in every))


def evaluate(
    experiment: Experiment, test: Item, modules: tuple[str, ...], libraries: tuple[str, ...]
) -> Step:
    """Return the step that looks at the test rows, once, with the model that was selected."""
    return Step(
        "evaluate",
        "evaluate.py",
        inputs={
            "model": Output("select", "model"),
            "leaderboard": Output("select", "leaderboard"),
            "test": test,
        },
        outputs=(Output("evaluate", "report"),),
        params={"seed": experiment.experiment.seed, "bootstraps": BOOTSTRAPS},
        modules=modules,
        libraries=libraries,
    )


def prepare(experiment: Experiment) -> Step:
    """Return the step that reads and checks the data."""
    data = experiment.data
    checks = {name: _given(column) for name, column in data.columns.items()}
    stratify = experiment.split.stratify
    return Step(
        "prepare",
        "prepare.py",
        inputs={"source": Source(_source(experiment))},
        outputs=(Output("prepare", "data"),),
        params={
            "target": data.target,
            "drop": list(data.drop),
            "categorical": list(data.categorical),
            "columns": checks,
            "features": dict(experiment.features),
            "units": dict(data.units),
            **({"reading": reading} if (reading := _reading(experiment)) else {}),
            "group_by": list(experiment.split.group_by),
            **({"stratify_by": stratify.column} if stratify else {}),
            **({"missing_target": "drop"} if data.missing_target == "drop" else {}),
        },
    )


def split(experiment: Experiment) -> Step:
    """Return the step that sets the test rows aside and makes the folds."""
    stratify = experiment.split.stratify
    bins = {"column": stratify.column, "bins": stratify.bins} if stratify else {}
    return Step(
        "split",
        "split.py",
        inputs={"data": Output("prepare", "data")},
        outputs=(Output("split", "train"), Output("split", "test")),
        params={
            "seed": experiment.experiment.seed,
            "test_fraction": experiment.split.test_fraction,
            "group_by": list(experiment.split.group_by),
            "stratify": bins,
            "folds": experiment.train.folds,
            "target": experiment.data.target,
        },
    )


def tries(experiment: Experiment) -> Iterator[Step]:
    """Yield one step per candidate; one that is killed does not stop the others.

    Those that take long come first, so that the others fill the gaps beside them.
    """
    families = payload.module("_families")
    modules = own_modules(experiment)
    candidates = [
        (name, candidate, _params(experiment, candidate.params))
        for name, candidate in experiment.train.candidates.items()
    ]
    candidates.sort(key=lambda one: -families.effort(one[1].model, one[2]))
    for name, candidate, params in candidates:
        limit = {} if candidate.max_rows is None else {"max_rows": candidate.max_rows}
        files = own_files(experiment, name)
        yield Step(
            f"train_{name}",
            "train.py",
            inputs={"train": Output("split", "train")},
            outputs=(Output(f"train_{name}", "candidate"),),
            params={
                "name": name,
                "model": candidate.model,
                "params": params,
                "metric": experiment.train.metric,
                "seed": experiment.experiment.seed,
                **limit,
                **carried(experiment, files),
            },
            optional=True,
            modules=modules if _is_own(candidate.model, params) else (),
            files=files,
            libraries=families.modules(candidate.model, params),
        )


def own_modules(experiment: Experiment) -> tuple[str, ...]:
    """Return the files of the user's own that hold a candidate's class, `module:Class`."""
    models = [candidate.model for candidate in experiment.train.candidates.values()]
    for candidate in experiment.train.candidates.values():
        models += [member["model"] for member in _members(experiment, candidate.params)]
    names = {model.partition(":")[0] for model in models if ":" in model}
    paths = (experiment.scripts / f"{name}.py" for name in sorted(names))
    return tuple(str(path) for path in paths if path.is_file())


def own_files(experiment: Experiment, name: str) -> tuple[str, ...]:
    """Return patterns of the files that a candidate declares, or its members do."""
    candidates = experiment.train.candidates
    members = candidates[name].params.get("members", ()) if name in candidates else ()
    names = [part for part in (name, *members) if isinstance(part, str)]
    parts = [candidates[part] for part in names if part in candidates]
    return tuple(code.pattern(experiment.scripts, text) for one in parts for text in one.files)


def carried(experiment: Experiment, files: tuple[str, ...]) -> dict[str, list[str]]:
    """Return the parameter that says which declared files go with a model, if there are any."""
    models = [candidate.model for candidate in experiment.train.candidates.values()]
    places = [path for model in models for path in installed.origin(_top(model)).own]
    roots = [*(str(place.parent) for place in places), str(experiment.scripts)]
    names = [code.name_below(Path(path), roots) for path in code.matching(files)]
    return {"files": names} if names else {}


def _is_own(model: str, params: Mapping[str, Any]) -> bool:
    return ":" in model or any(":" in member["model"] for member in params.get("members", []))


def _params(experiment: Experiment, params: Mapping[str, Any]) -> dict[str, Any]:
    # A member that is a candidate of the experiment is that candidate, with its params.
    found = dict(params)
    if "members" in found:
        found["members"] = list(_members(experiment, params))
    return found


def _members(experiment: Experiment, params: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for member in params.get("members", []):
        if not isinstance(member, str):
            yield {"model": member["model"], "params": dict(member.get("params", {}))}
        elif member in experiment.train.candidates:
            candidate = experiment.train.candidates[member]
            yield {"model": candidate.model, "params": dict(candidate.params)}
        else:
            yield {"model": member, "params": {}}


def _source(experiment: Experiment) -> str:
    source, sha256 = experiment.data.source, experiment.data.sha256
    if urls.is_url(source):
        return urls.pinned(source, sha256 or "")
    return source if ":" in source else str(Path(experiment.folder, source))


def _reading(experiment: Experiment) -> dict[str, Any]:
    """Return what the experiment says of how its data is written."""
    data = experiment.data
    keys = ("delimiter", "encoding", "decimal", "thousands", "missing_markers")
    return {key: value for key in keys if (value := getattr(data, key)) not in (None, [], {})}


def _given(column: Any) -> dict[str, Any]:
    facts = {name: getattr(column, name) for name in ("min", "max", "missing", "choices")}
    return {name: value for name, value in facts.items() if value is not None}


def _top(model: str) -> str:
    return model.partition(":")[0].partition(".")[0]
