"""`concrete pin`: the digest that a source on the web needs."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from concrete_cli.cli import options as o
from concrete_cli.cli.command import page


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    page(app, "concrete pin https://example.org/mixes.csv", 0, 7)(pin)


def pin(
    url: Annotated[
        str, typer.Argument(metavar="URL", help="http(s)://..., or what fsspec knows: s3://...")
    ],
    json: o.Json = False,
    home: o.Home = None,
) -> int:
    """Print the sha256 that a URL needs.

    The URL is fetched; what is printed are the lines that make it the source of an experiment.
    """
    from concrete_cli import workspace
    from concrete_cli.errors import NotFound, UsageError
    from concrete_cli.home import prepare
    from concrete_cli.sources import fetching, urls
    from concrete_cli.view import output

    url = urls.shown(url)
    if not urls.is_url(url):
        raise UsageError(f"{url} is no URL", help="a file here needs no digest: its content is it")
    with tempfile.TemporaryDirectory(prefix="concrete-") as scratch:
        try:
            place = workspace.here(home).home
        except NotFound:  # there is no experiment yet, so nobody to keep it for
            place = prepare(Path(scratch) / "home")
        sha256, file = fetching.pin(url, place)
        size = file.stat().st_size
    if json:
        output.document({"source": url, "sha256": sha256, "bytes": size})
    else:
        print(f"{_line('source', url)}\n{_line('sha256', sha256)}")
    return 0


def _line(key: str, value: str) -> str:
    import tomli_w

    return tomli_w.dumps({key: value}).rstrip()
