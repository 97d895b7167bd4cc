"""deploy: bundle -> smoke. A plan starts nothing that stays: the endpoint is the backend's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from concrete_cli.plan import Output, Plan, Source, Step
from concrete_cli.workflows.settings import settled
from concrete_cli.workflows.train import own_modules

if TYPE_CHECKING:
    from concrete_cli.config import Experiment

BUNDLE = Output("bundle", "bundle")


@dataclass(frozen=True)
class Chosen:
    """The model to serve: what answers call it, where it is, and what loading it needs.

    `complete` says that no class of the experiment's own is needed beside it.
    """

    name: str
    source: str
    libraries: tuple[str, ...] = ()
    complete: bool = True


def deploy(experiment: Experiment, chosen: Chosen) -> Plan:
    """Return the plan that packs a model for serving and tries the bundle."""
    bundle = Step(
        "bundle",
        "pack.py",
        inputs={"model": Source(chosen.source)},
        outputs=(BUNDLE,),
        params={"name": chosen.name},
        modules=() if chosen.complete else own_modules(experiment),
        libraries=chosen.libraries,
    )
    smoke = Step(
        "smoke",
        "smoke.py",
        inputs={"bundle": BUNDLE},
        outputs=(Output("smoke", "report"),),
        libraries=chosen.libraries,
    )
    return Plan("deploy", tuple(settled(experiment, step) for step in (bundle, smoke)))
