"""Compute targets: what kinds there are, and what each one can run. No SDK in here.

A kind that a step cannot use is a problem of the experiment, found before anything is sent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from concrete_cli.errors import nearest

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
            known = ", ".join(KINDS)
            yield "kind", f"expected one of {known}, got {self.kind!r}; {nearest(self.kind, KINDS)}"
            return
        for name in self.options:
            if name not in KINDS[self.kind][1]:
                known = ", ".join(KINDS[self.kind][1]) or "none"
                yield name, f"{self.kind} has no such option; it has: {known}"
        if self.kind == "databricks" and not {"cluster", "spark_version"} & set(self.options):
            yield "kind", "databricks needs `cluster`, or `spark_version` and `node_type`"

    def refuses(self, imports: frozenset[str]) -> str:
        """Return why a script with these imports cannot run here, or nothing."""
        spark = any(name.partition(".")[0] == "pyspark" for name in imports)
        if self.kind in SPARK and not spark:
            return f"{self.kind} runs PySpark scripts; this script does not import pyspark"
        return ""
