"""A plan: the steps of one experiment and how folders are handed over between them. Pure data."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from typing import Any, Literal, TypeVar

from concrete_cli.errors import ExperimentInvalid, NotFound, Problem

NAME = re.compile(r"[a-z][a-z0-9_]*")
Mode = Literal["upload", "mount"]
T = TypeVar("T")


@dataclass(frozen=True)
class Output:
    """A folder that the step called `step` leaves behind.

    mode `upload`: it appears, whole, when the step succeeds, and not at all when it fails.
    mode `mount`: what was written stays visible even if the step fails.
    """

    step: str
    name: str
    mode: Mode = field(default="upload", compare=False)

    def __str__(self) -> str:
        return f"{self.step}.{self.name}"


@dataclass(frozen=True)
class Source:
    """Data from outside the plan.

    A path, a name that the backend resolves (`run:ID/step.output`, `model:NAME@ALIAS`,
    `azureml:NAME:VERSION`), or `URL#sha256=DIGEST`, which is fetched before a backend sees it.
    """

    uri: str

    def __str__(self) -> str:
        return self.uri


Item = Output | Source
Inputs = Mapping[str, Item | tuple[Item, ...]]


@dataclass(frozen=True)
class Step:
    """One script with its parameters, inputs and outputs, and what it needs to run.

    `script` is a name in the shipped `steps/` folder or an absolute path; `modules` are files
    of the user's own that travel with it, and so do `files`, patterns of what else it reads or
    starts (code.pattern); `libraries` are modules that it imports by a name known
    only when it runs. `timeout` is in seconds, 0 is none. An input may be several items: they
    follow one flag. `after` names steps that must be done before, though it reads nothing of
    theirs. When an `optional` step fails, the steps that wait for it find an empty
    folder in its place and go on.
    """

    name: str
    script: str
    inputs: Inputs = field(default_factory=dict)
    outputs: tuple[Output, ...] = ()
    params: Mapping[str, Any] = field(default_factory=dict)
    compute: str = ""
    cpus: int = 1
    timeout: float = 0
    retries: int = 0
    reuse: bool = True
    optional: bool = False
    modules: tuple[str, ...] = ()
    libraries: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    after: tuple[str, ...] = ()

    def argv(self, place: Callable[[Item], T]) -> list[str | T]:
        """Return the script's arguments; `place` says where an input or an output lives."""
        argv: list[str | T] = []
        for name, value in self.params.items():
            text = _text(value)
            argv += [f"{flag(name)}={text}"] if text.startswith("-") else [flag(name), text]
        for name, given in self.inputs.items():
            argv += [flag(name), *(place(item) for item in _several(given))]
        for output in self.outputs:
            argv += [flag(output.name), place(output)]
        return argv

    def items(self) -> Iterator[tuple[str, Item]]:
        """Yield each single input under a name of its own: `data`, or `data_0`, `data_1`, ..."""
        for name, given in self.inputs.items():
            if isinstance(given, tuple):
                yield from ((f"{name}_{number}", item) for number, item in enumerate(given))
            else:
                yield name, given

    def output(self, name: str) -> Output:
        """Return the output called `name`."""
        for output in self.outputs:
            if output.name == name:
                return output
        raise NotFound("output", f"{self.name}.{name}", [str(output) for output in self.outputs])

    @property
    def needs(self) -> frozenset[str]:
        """Names of the steps that come before: those whose outputs it reads, and `after`."""
        read = {item.step for _, item in self.items() if isinstance(item, Output)}
        return frozenset(read | {*self.after})


@dataclass(frozen=True)
class Plan:
    """A checked, frozen DAG; `steps` come in an order in which they can run.

    `publishes` names the outputs that become versions of a model when the run has succeeded.
    """

    name: str
    steps: tuple[Step, ...]
    publishes: Mapping[str, Output] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what no backend could run: bad names, twins, dangling references, cycles."""
        problems = [*_bad_names(self), *_dangling(self)]
        # Sorted, since sets of text have another order in each process.
        graph = {step.name: sorted(step.needs) for step in self.steps}
        try:
            order = tuple(TopologicalSorter(graph).static_order())
        except CycleError as error:
            problems.append(f"steps wait for each other: {' -> '.join(error.args[1])}")
        if problems:
            raise ExperimentInvalid(Problem(message) for message in problems)
        by_name = {step.name: step for step in self.steps}
        object.__setattr__(self, "steps", tuple(by_name[name] for name in order))

    def step(self, name: str) -> Step:
        """Return the step called `name`."""
        if name in self._by_name:
            return self._by_name[name]
        raise NotFound("step", name, [*self._by_name])

    @cached_property
    def _by_name(self) -> dict[str, Step]:
        return {step.name: step for step in self.steps}


def is_module(name: object) -> bool:
    """Whether this is the dotted name of a module; a path is none."""
    return isinstance(name, str) and all(map(str.isidentifier, name.split(".")))


def flag(name: str) -> str:
    """Return the command line flag of a parameter, input or output."""
    return "--" + name.replace("_", "-")


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _several(given: Item | tuple[Item, ...]) -> tuple[Item, ...]:
    return given if isinstance(given, tuple) else (given,)


def _bad_names(plan: Plan) -> Iterator[str]:
    seen: set[str] = set()
    for step in plan.steps:
        if step.name in seen:
            yield f"two steps are called {step.name!r}"
        seen.add(step.name)
        outputs = [output.name for output in step.outputs]
        names = [*step.inputs, *outputs, *step.params]
        for name in (step.name, *names):
            if not NAME.fullmatch(name):
                yield f"{name!r} in step {step.name!r} is not a name: a-z, then a-z, 0-9, _"
        for name in step.libraries:
            if not is_module(name):
                yield f"{name!r} in step {step.name!r} is not the name of a module"
        for name in sorted({name for name in names if names.count(name) > 1}):
            yield f"step {step.name!r} uses the name {name!r} twice"


def _dangling(plan: Plan) -> Iterator[str]:
    made = {str(output) for step in plan.steps for output in step.outputs}
    names = {step.name for step in plan.steps}
    for step in plan.steps:
        for name, item in step.items():
            if isinstance(item, Output) and str(item) not in made:
                yield f"input {name!r} of step {step.name!r}: nothing makes {item}"
        for name in step.after:
            if name not in names:
                yield f"step {step.name!r} waits for {name!r}, which is no step"
    for name, output in plan.publishes.items():
        if str(output) not in made:
            yield f"model {name!r}: nothing makes {output}"
