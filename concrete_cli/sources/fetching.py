"""Sources on the web, fetched once: they are kept in the cache by the digest of what they hold.

What is there and whole is never fetched again, from wherever: a second run needs no network.
"""

from __future__ import annotations

import logging
import os
import shutil
import uuid
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

from concrete_cli import digest, disk, home, locks, syncing
from concrete_cli.errors import Damaged, UsageError
from concrete_cli.plan import Item, Plan, Source, Step
from concrete_cli.sources import urls

LOG = logging.getLogger("concrete")
Tell = Callable[[str], None]


def bring(uri: str, place: Path, tell: Tell | None = None) -> Path:
    """Return the file of a pinned URL in the cache of a home; fetch it if it is not there.

    `tell` hears of a fetch before it begins. Raises Damaged when something else comes.
    """
    url, sha256 = urls.split(uri)
    for text, hint in urls.problems(uri):
        raise UsageError(f"{urls.hidden(url)}: {text}", help=hint)
    if found := there(uri, place):
        return found
    with home.in_use(place), _lock(place, sha256):
        if found := there(uri, place):  # somebody else was quicker
            return found
        if tell:
            tell(f"fetching {url}")
        scratch, got = _load(url, place / "tmp")
        try:
            if got != sha256:
                raise Damaged(
                    f"{url} does not hold what it should: sha256 {sha256} expected, {got} got",
                    help="was it changed on purpose? then write the new sha256 down",
                )
            return _keep(scratch, uri, place)
        finally:
            scratch.unlink(missing_ok=True)


def pin(url: str, place: Path) -> tuple[str, Path]:
    """Fetch a URL that nothing is known of; return the digest, and the file in the cache."""
    for text, hint in urls.secrets(url):
        raise UsageError(f"{urls.hidden(url)}: {text}", help=hint)
    with home.in_use(place):
        scratch, sha256 = _load(url, place / "tmp")
        with _lock(place, sha256):
            uri = urls.pinned(url, sha256)
            try:
                return sha256, there(uri, place) or _keep(scratch, uri, place)
            finally:
                scratch.unlink(missing_ok=True)


def here(plan: Plan, place: Path, tell: Tell | None = None) -> Plan:
    """Return the plan with the sources on the web as files of this machine, all fetched."""
    return _moved(plan, lambda uri: str(bring(uri, place, tell)))


def known(plan: Plan, place: Path) -> Plan:
    """Return the plan with those as files that were fetched; the others are just URLs."""
    return _moved(plan, lambda uri: str(there(uri, place) or urls.shown(uri)))


def step(one: Step, place: Path) -> Step:
    """Return a step that reads files where it has read the web, whether they are there or not."""
    return _step(one, lambda uri: str(target(uri, place)))


def target(uri: str, place: Path) -> Path:
    """Return where the file of a pinned URL is kept, whether it is there or not."""
    return folder(place) / urls.split(uri)[1] / urls.filename(uri)


def share(place: Path, other: Path) -> None:
    """Let another home find what was fetched for this one, and keep what it fetches there."""
    folder(place).mkdir(mode=0o700, parents=True, exist_ok=True)
    folder(other).symlink_to(folder(place).absolute(), target_is_directory=True)


def unused(place: Path, plans: Iterable[str], horizon: float) -> list[Path]:
    """Return folders of what no plan, each given as its text, names any more, older than that."""
    texts = list(plans)
    return [
        kept
        for kept in folder(place).glob("*")
        if not any(kept.name.removesuffix(".lock") in text for text in texts)
        and kept.stat().st_mtime < horizon
    ]


def folder(place: Path) -> Path:
    """Return the folder that holds a folder for each digest."""
    return place / "cache" / "sources"


def _moved(plan: Plan, move: Callable[[str], str]) -> Plan:
    items = (item for step in plan.steps for _, item in step.items())
    if not any(isinstance(item, Source) and urls.is_url(item.uri) for item in items):
        return plan
    return Plan(plan.name, tuple(_step(step, move) for step in plan.steps), plan.publishes)


def _step(step: Step, move: Callable[[str], str]) -> Step:
    def place(item: Item) -> Item:
        on_web = isinstance(item, Source) and urls.is_url(item.uri)
        return Source(move(str(item))) if on_web else item

    inputs = {
        name: tuple(map(place, given)) if isinstance(given, tuple) else place(given)
        for name, given in step.inputs.items()
    }
    return replace(step, inputs=inputs)


def _load(url: str, scratch: Path) -> tuple[Path, str]:
    """Fetch into a file that nobody knows of; return it with the digest of what came."""
    from concrete_cli.sources import web  # http and TLS take a while to import

    scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = scratch / f"fetch-{uuid.uuid4().hex}"
    try:
        with path.open("xb") as file:
            return path, web.fetch(url, file)
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _keep(scratch: Path, uri: str, place: Path) -> Path:
    path = target(uri, place)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    scratch.chmod(disk.READ)
    scratch.replace(path)
    syncing.bring(path.parent)
    return path


def there(uri: str, place: Path) -> Path | None:
    """Return the whole file of a pinned URL; the same content under another name will do."""
    path = target(uri, place)
    sha256 = path.parent.name
    if not path.parent.is_dir():
        return None
    for found in sorted(path.parent.iterdir(), key=lambda one: one != path):
        if digest.of_file(found) != sha256:
            LOG.warning("%s is damaged; it is fetched again", found)
            found.unlink(missing_ok=True)
        elif found == path:
            return path
        else:
            return _linked(found, path)
    return None


def _linked(found: Path, path: Path) -> Path:
    try:
        os.link(found, path)
    except FileExistsError:
        pass
    except OSError:  # this disk knows no links
        shutil.copyfile(found, path)
    return path


def _lock(place: Path, sha256: str) -> AbstractContextManager[bool]:
    folder(place).mkdir(mode=0o700, parents=True, exist_ok=True)
    return locks.hold(folder(place) / f"{sha256}.lock", wait=True)
