"""The model card: what a model is, how good, and what it must not be used for, in Markdown."""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping
from typing import Any

SHOWN = 12  # levels of a category


def card(
    name: str,
    manifest: Mapping[str, Any],
    metrics: Mapping[str, Any],
    sizes: Mapping[str, Mapping[str, Any]],
    about: Mapping[str, Any],
) -> str:
    """Return the card; `sizes` is what split reported, `about` what the experiment says."""
    signature = manifest["signature"]
    unit = signature.get("target_unit") or ""
    parts = [
        f"# {_text(name)}",
        _what(manifest, signature, unit),
        "## How good it is\n\n" + "\n".join(_scores(manifest, metrics, unit)),
        "## Data and split\n\n" + "\n".join(_split(sizes, about)),
        "## Inputs\n\n" + "\n".join(_inputs(signature)),
        "## Limits\n\n" + "\n".join(_limits(signature, manifest, unit)),
        "## How it was made\n\n" + "\n".join(_made(manifest)),
    ]
    return "\n\n".join(parts) + "\n"


def _what(manifest: Mapping[str, Any], signature: Mapping[str, Any], unit: str) -> str:
    target = _text(signature["target"]) + (f" in {_text(unit)}" if unit else "")
    count = len(signature["columns"])
    family = _text(manifest["model"])
    return f"Predicts {target} from {count} inputs, with an interval. Model family: {family}."


def _scores(manifest: Mapping[str, Any], metrics: Mapping[str, Any], unit: str) -> Iterator[str]:
    yield "| metric | test | 95 % interval | cross-validation |"
    yield "|---|---|---|---|"
    units = {"rmse": unit, "mae": unit, "r2": ""}
    for metric, own in units.items():
        low, high = metrics[f"{metric}_ci"]
        cv = manifest["cv"][metric]
        label = metric + (f" ({_text(own)})" if own else "")
        yield (
            f"| {label} | {_number(metrics[metric])} | {_number(low)} to {_number(high)}"
            f" | {_number(cv)} |"
        )
    yield ""
    wanted = manifest["interval"]["coverage"]
    yield (
        f"Its {wanted:.0%} intervals hold {metrics['coverage']:.1%} of the test rows and are"
        f" {_number(metrics['width'])}{f' {_text(unit)}' if unit else ''} wide on average."
    )
    yield "The intervals of the scores come from resampling whole groups of test rows."


def _split(sizes: Mapping[str, Mapping[str, Any]], about: Mapping[str, Any]) -> Iterator[str]:
    for part, purpose in (("train", "to fit it and to choose it"), ("test", "to score it, once")):
        facts = sizes[part]
        yield f"- {facts['rows']} rows in {facts['groups']} groups {purpose}"
    by = ", ".join(_text(column) for column in about.get("group_by", []))
    if by:
        yield f"- rows that are equal in {by} are one group, and never on both sides"
    if about.get("experiment"):
        yield f"- experiment: {_text(about['experiment'])}"


def _inputs(signature: Mapping[str, Any]) -> Iterator[str]:
    yield "| column | kind | unit | seen in training | may be missing |"
    yield "|---|---|---|---|---|"
    for column in signature["columns"]:
        missing = "yes" if column["missing"] else "no"
        cells = [column["name"], column["kind"], column["unit"] or "", _range(column), missing]
        yield f"| {' | '.join(_text(cell) for cell in cells)} |"
    if signature["features"]:
        yield ""
        yield "Derived from these, inside the model:"
        yield ""
        for name, expression in signature["features"].items():
            yield f"- {_text(name)} = {_text(expression)}"


def _limits(signature: Mapping[str, Any], manifest: Mapping[str, Any], unit: str) -> Iterator[str]:
    yield (
        "- Do not use it for rows outside the ranges above: nothing is known of its errors there."
    )
    yield (
        "- Do not read causes out of it: it knows what went together in the training rows, not"
        " what happens when an input is changed on purpose."
    )
    share = manifest["interval"]["coverage"]
    half = _number(manifest["interval"]["half_width"])
    yield (
        f"- About {1 - share:.0%} of new rows lie outside its intervals even when they are like"
        f" the training rows; on average these are ±{half}{f' {_text(unit)}' if unit else ''}."
    )
    yield (
        f"- Do not let it decide alone where an error in {_text(signature['target'])} can harm"
        " somebody: measure."
    )


def _made(manifest: Mapping[str, Any]) -> Iterator[str]:
    chosen = f"chosen by cross-validated {manifest['metric']}"
    yield f"- candidate {_text(manifest['candidate'])}, {chosen}"
    params = manifest["params"]
    if "members" in params:
        for member in params["members"]:
            model = member if isinstance(member, str) else member["model"]
            given = {} if isinstance(member, str) else member.get("params", {})
            yield f"- a member: {_text(model)}{_params(given)}"
    elif params:
        yield f"- parameters that differ from the family's preset:{_params(params)}"
    versions = (f"{_text(one)} {_text(number)}" for one, number in manifest["versions"].items())
    yield f"- with {', '.join(versions)}"
    yield f"- sha256 of model.skops: {manifest['files']['model.skops']}"
    for name, sum_ in manifest.get("code", {}).items():
        yield f"- made of own code, which loading it runs: code/{_text(name)}, sha256 {sum_}"
    yield "- run, data, code and experiment: lineage.json beside this card"


def _params(params: Mapping[str, Any]) -> str:
    words = (f"{_text(key)} = {_text(_number(value))}" for key, value in params.items())
    return f" {', '.join(words)}" if params else ""


def _range(column: Mapping[str, Any]) -> str:
    if column["min"] is not None:
        return f"{_number(column['min'])} to {_number(column['max'])}"
    levels = [str(level) for level in column["choices"] or ()]
    more = len(levels) - SHOWN
    return ", ".join(levels[:SHOWN]) + (f" and {more} more" if more > 0 else "")


def _number(value: Any) -> str:
    plain = isinstance(value, int | float) and not isinstance(value, bool)
    return f"{value:.5g}" if plain else str(value)


def _text(text: Any) -> str:
    """Return text that is no markup, whatever is in it."""
    plain = html.escape(" ".join(str(text).split()), quote=False)
    return "".join(f"\\{letter}" if letter in "\\`*_[]|#" else letter for letter in plain)
