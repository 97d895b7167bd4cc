"""What somebody may have meant by a key that is not known, or by a table that is not there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from concrete_cli.config import outline
from concrete_cli.config.origin import Keys, Layer, Origin
from concrete_cli.config.words import dotted
from concrete_cli.errors import close, nearest

MANY = 3


def meant(keys: Keys) -> list[str]:
    """Return the known key of the same table that looks like the last of `keys`, if one does."""
    return close(str(keys[-1]), outline.keys(keys[:-1]), n=1)


def key(keys: Keys, origin: Origin, layer: Layer) -> str:
    """Return `did you mean ...?` for an unknown key of `layer`; for --set, the whole path."""
    if layer.keys:
        return _path(layer.keys, origin)
    *above, name = keys
    known = outline.keys(tuple(above))
    if meant(keys):
        return nearest(str(name), known)
    tables = [dotted(path[:-1]) for path in outline.paths() if path[-1] == name and path[:-1]]
    if tables:
        return f"{name!r} belongs in [{'] or ['.join(tables[:MANY])}]"
    return f"known: {', '.join(known)}" if known else ""


def sibling(table: Keys, origin: Origin) -> str:
    """Return `did you mean ...?` for a table that only --set has made, such as a candidate."""
    layer = origin.blamed(table)
    if not layer or not layer.keys:
        return ""
    *above, name = table
    others = [other for other in origin.names(*above) if other != name]
    near = close(str(name), others, n=MANY)
    return _meant([dotted((*above, other, *layer.keys[len(table) :])) for other in near])


def _path(given: Keys, origin: Origin) -> str:
    """Return the paths that look like the `given` one, among those known and those written."""
    written = [path for layer in origin.layers if layer.folder for path in _walk(layer.data)]
    known = [*outline.paths(), *filter(outline.knows, written)]
    ends = [dotted(path) for path in known if path[-1] == given[-1]]
    near = (close(dotted(given), ends, n=MANY) if ends else []) or ends
    for cutoff in (0.75, 0.6):
        near = near or close(dotted(given), map(dotted, known), n=MANY, cutoff=cutoff)
    return _meant(near)


def _meant(near: list[str]) -> str:
    several = dict.fromkeys(near[:MANY])
    return f"did you mean {' or '.join(repr(path) for path in several)}?" if near else ""


def _walk(table: Mapping[str, Any], above: Keys = ()) -> Iterator[Keys]:
    for name, value in table.items():
        yield (*above, name)
        if isinstance(value, Mapping):
            yield from _walk(value, (*above, name))
