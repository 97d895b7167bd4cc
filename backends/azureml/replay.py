"""The command that runs a step of a cloud run again here, in a debugger if one likes.

It is read from the graph, so that it can be told on any machine.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from concrete_cli import payload

from . import snapshot

if TYPE_CHECKING:
    from .submitted import Submitted

FOLDER = "replay"
INPUT, OUTPUT = "DatasetConsumptionConfig:", "DatasetOutputConfig:"


def command(submitted: Submitted, step: str) -> str:
    """Return a line for a shell: fetch what the step read, make its outputs, run its script."""
    node = submitted.nodes[step]
    made_by = {one.id: name for name, one in submitted.nodes.items()}
    feeds = {
        edge.destination_input_port.port_name: edge.source_output_port
        for edge in submitted.graph.edges
        if edge.destination_input_port.node_id == node.id
    }
    lines: list[str] = []
    words: list[str] = []
    for word in _words(submitted, node):
        kind, _, name = word.partition(":")
        place = f"{FOLDER}/{name.rpartition('__')[2]}"
        if word.startswith(OUTPUT):
            lines.append(f"mkdir -p {place}")
            words.append(place)
        elif word.startswith(INPUT) and feeds[name].node_id in made_by:
            source = feeds[name].port_name.replace("__", ".", 1)
            lines.append(f"concrete fetch {submitted.id} {source} {place}")
            words.append(place)
        elif kind == INPUT.rstrip(":"):
            words.append(f"{name.upper()}_FILE")
        else:
            words.append(word)
    return " && ".join([*lines, shlex.join(["python", *words])])


def _words(submitted: Submitted, node: Any) -> Iterator[str]:
    given = {one.name: one.value for one in node.module_parameters}
    script = given["Script"]
    interface = submitted.modules[node.module_id].structured_interface
    defaults = {one.name: one.default_value for one in interface.parameters}
    words = [
        str(defaults[one.value]) if one.value_type == "Parameter" else one.value
        for one in interface.arguments
    ]
    if script == snapshot.LAUNCHER:  # RETRIES OUTPUTS SCRIPT ...
        script, words = words[2], words[3:]
    shipped = payload.folder("steps") / script
    yield str(shipped) if shipped.is_file() else Path(script).name
    yield from words
