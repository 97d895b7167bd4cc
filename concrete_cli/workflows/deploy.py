"""deploy: bundle -> smoke. A plan starts nothing that stays: the endpoint is the backend's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from concrete_cli import payload
from concrete_cli.plan import Output, Plan, Source, Step
from concrete_cli.workflows.settings import settled
from concrete_cli.workflows.train import own_modules

if TYPE_CHECKING:
    from concrete_cli.config import Experiment

BUNDLE = Output("bundle", "bundle")


@dataclass(frozen=True)
class Chosen:
    """The model to serve: what answers call it, where it is, and what it is made of."""

    name: str
    source: str
    model: str
    params: Mapping[str, Any] = field(default_factory=dict)


def deploy(experiment: Experiment, chosen: Chosen) -> Plan:
    """Return the plan that packs a model for serving and tries the bundle."""
    libraries = payload.module("_families").modules(chosen.model, chosen.params)
    bundle = Step(
        "bundle",
        "pack.py",
        inputs={"model": Source(chosen.source)},
        outputs=(BUNDLE,),
        params={"name": chosen.name},
        modules=own_modules(experiment),
        libraries=libraries,
    )
    smoke = Step(
        "smoke",
        "smoke.py",
        inputs={"bundle": BUNDLE},
        outputs=(Output("smoke", "report"),),
        libraries=libraries,
    )
    return Plan("deploy", tuple(settled(experiment, step) for step in (bundle, smoke)))
