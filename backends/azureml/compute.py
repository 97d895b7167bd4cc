"""Compute targets: what kinds there are, and what each one can run. No SDK in here.

A kind that a step cannot use is a problem of the experiment, found before anything is sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from concrete_cli.errors import nearest
from concrete_cli.plan import Step

# Our word, the SDK's word, and the options that a table of this kind may hold.
KINDS: dict[str, tuple[str, tuple[str, ...]]] = {
    "amlcompute": ("AmlCompute", ("gpu", "shm_size")),
    "instance": ("ComputeInstance", ("gpu", "shm_size")),
    "remote_vm": ("VirtualMachine", ("python",)),
    "databricks": (
        "Databricks",
        ("spark_version", "node_type", "workers", "cluster", "instance_pool"),
    ),
    "hdinsight": ("HDInsight", ()),
    "kubernetes": ("Kubernetes", ("instance_type", "gpu", "shm_size")),
}
SPARK = ("hdinsight",)
POOL = "instance_pool"
OTHERS = {"gpu": bool, "workers": int}  # the other options are texts
WORDS = {bool: "true or false", int: "a number", str: "a text"}
V2_ONLY = ("serverless", "spark")


@dataclass(frozen=True)
class Compute:
    """A compute target: its name in the workspace, its kind, and options of that kind."""

    name: str
    kind: str = "amlcompute"
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def type(self) -> str:
        """The SDK's name for the kind."""
        return KINDS[self.kind][0]

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield what is wrong with the table: the key, and why."""
        if self.kind not in KINDS:
            yield "kind", _no_kind(self.kind)
            return
        for name, value in self.options.items():
            wanted = OTHERS.get(name, str)
            if name not in KINDS[self.kind][1]:
                known = ", ".join(KINDS[self.kind][1]) or "none"
                yield name, f"{self.kind} has no such option; it has: {known}"
            elif type(value) is not wanted:
                yield name, f"expected {WORDS[wanted]}, got {value!r}"
        given = set(self.options)
        if self.kind == "databricks" and not (
            "cluster" in given or ("spark_version" in given and given & {"node_type", POOL})
        ):
            yield (
                "kind",
                f"databricks needs `cluster`, or `spark_version` and `node_type` or `{POOL}`",
            )

    def refuses(self, step: Step, imports: frozenset[str], opened: Iterable[str]) -> Iterator[str]:
        """Yield why a step cannot run here: its script `imports`, a call may give `opened`."""
        spark = any(name.partition(".")[0] == "pyspark" for name in imports)
        if self.kind in SPARK and not spark:
            yield f"{self.kind} runs PySpark scripts; this script does not import pyspark"
        if self.kind == "databricks" and step.retries:
            yield "databricks knows no retries"
        if self.kind == "databricks":
            for name in opened:
                yield f"on databricks a call cannot give the parameter {name}"


def _no_kind(kind: Any) -> str:
    if kind in V2_ONLY:
        return f"{kind!r} exists only on --backend azureml-v2"
    hint = nearest(str(kind), KINDS)
    return f"expected one of {', '.join(KINDS)}, got {kind!r}" + (f"; {hint}" if hint else "")
