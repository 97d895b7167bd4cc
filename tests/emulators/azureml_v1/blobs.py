"""Blob storage: files under `folder/blobs/<container>/`, written whole or in blocks, read in parts.

The storage library reads with a range, and takes nothing but 206 for an answer.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

from .routing import Call, Reply, Table
from .state import BLOB_HOST, CONTAINER, uid

if TYPE_CHECKING:
    from .server import Emulator

TABLE = Table()
DATE = "Mon, 24 Nov 2025 00:00:00 GMT"
FACTS = {"ETag": '"0x1"', "Last-Modified": DATE, "x-ms-blob-type": "BlockBlob"}
CHUNK = 1 << 20


def path_of(emulator: Emulator, container: str, name: str) -> Path:
    """Return where a blob lives on disk; nothing outside the store has a name."""
    root = (emulator.folder / "blobs" / container).resolve()
    path = (root / name).resolve()
    if not path.is_relative_to(root):
        raise ValueError(f"{name!r} leaves the container")
    return path


def url(container: str, name: str) -> str:
    """Return the address of a blob, with the signature that lets anybody read it."""
    return f"https://{BLOB_HOST}/{container}/{quote(name)}?sas=1"


@TABLE.on("GET", "{container}", BLOB_HOST, locked=False)
def listing(emulator: Emulator, call: Call) -> Any:
    """List the blobs of a container whose names start with a prefix."""
    root = path_of(emulator, call["container"], "")
    prefix = call.query.get("prefix", "")
    names = sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())
    found = "".join(
        f"<Blob><Name>{escape(name)}</Name><Properties><Last-Modified>{DATE}</Last-Modified>"
        f"<Etag>0x1</Etag><Content-Length>{(root / name).stat().st_size}</Content-Length>"
        "<BlobType>BlockBlob</BlobType></Properties></Blob>"
        for name in names
        if name.startswith(prefix)
    )
    text = (
        '<?xml version="1.0" encoding="utf-8"?><EnumerationResults '
        f'ServiceEndpoint="https://{BLOB_HOST}/" ContainerName="{call["container"]}">'
        f"<Prefix>{escape(prefix)}</Prefix><Blobs>{found}</Blobs><NextMarker/></EnumerationResults>"
    )
    return Reply(text.encode(), headers={"Content-Type": "application/xml"})


@TABLE.on("PUT", "{container}/{name...}", BLOB_HOST, locked=False)
def put(emulator: Emulator, call: Call) -> Any:
    """Take a blob, one of its blocks, or the list of blocks that make it whole."""
    target = path_of(emulator, call["container"], call["name"])
    target.parent.mkdir(parents=True, exist_ok=True)
    blocks = emulator.folder / "blocks" / call["container"] / call["name"]
    kind = call.query.get("comp", "")
    if kind == "blocklist":
        ids = [node.text or "" for node in ET.fromstring(call.read())]  # noqa: S314  the SDK wrote it
        with target.open("wb") as whole:
            for one in ids:
                with (blocks / quote(one, safe="")).open("rb") as part:
                    shutil.copyfileobj(part, whole, CHUNK)
        shutil.rmtree(blocks)
    elif kind == "block":
        blocks.mkdir(parents=True, exist_ok=True)
        _save(call, blocks / quote(call.query["blockid"], safe=""))
    elif call.headers.get("If-None-Match") == "*" and target.exists():
        return Reply(b"", 409, {"x-ms-error-code": "BlobAlreadyExists"})
    else:
        _save(call, target)
    return Reply(b"", 201, FACTS | {"x-ms-request-server-encrypted": "true"})


@TABLE.on("HEAD", "{container}/{name...}", BLOB_HOST, locked=False)
def head(emulator: Emulator, call: Call) -> Any:
    """Say whether a blob exists, and how big it is."""
    path = path_of(emulator, call["container"], call["name"])
    if not path.is_file():
        return Reply(b"", 404, {"x-ms-error-code": "BlobNotFound"})
    return Reply(b"", 200, FACTS | {"Content-Length": str(path.stat().st_size)})


@TABLE.on("GET", "{container}/{name...}", BLOB_HOST, locked=False)
def get(emulator: Emulator, call: Call) -> Any:
    """Send a blob, or the range that was asked for."""
    path = path_of(emulator, call["container"], call["name"])
    if not path.is_file():
        return Reply(b"", 404, {"x-ms-error-code": "BlobNotFound"})
    size = path.stat().st_size
    asked = call.headers.get("x-ms-range") or call.headers.get("Range")
    if not asked:
        return Reply(None, 200, FACTS, path, (0, size))
    first, _, last = asked.removeprefix("bytes=").partition("-")
    start, stop = int(first), min(int(last) + 1 if last else size, size)
    if start >= size:
        return Reply(b"", 416, {"x-ms-error-code": "InvalidRange"})
    span = {"Content-Range": f"bytes {start}-{stop - 1}/{size}"}
    return Reply(None, 206, FACTS | span, path, (start, stop))


@TABLE.on("DELETE", "{container}/{name...}", BLOB_HOST, locked=False)
def delete(emulator: Emulator, call: Call) -> Any:
    """Forget a blob."""
    path_of(emulator, call["container"], call["name"]).unlink(missing_ok=True)
    return Reply(b"", 202)


def _save(call: Call, target: Path) -> None:
    aside = target.with_name(f".{uid()}")
    with aside.open("wb") as file:
        while data := call.body.read(CHUNK):
            file.write(data)
    aside.rename(target)


def store_root(emulator: Emulator) -> Path:
    """Return the folder of the container that the datastores point to."""
    return path_of(emulator, CONTAINER, "")
