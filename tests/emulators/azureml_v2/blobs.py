"""The blob service: put, blocks, head, ranged get, list, metadata. Bytes never sit in memory."""

from __future__ import annotations

import base64
import re
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path
from xml.sax.saxutils import escape

from .cloud import Cloud, blob_name
from .names import ACCOUNT
from .routing import CHUNK, Request, Response, Routes

routes = Routes()
HEADERS = {
    "Last-Modified": "Mon, 01 Jan 2026 00:00:00 GMT",
    "ETag": '"0x1"',
    "x-ms-version": "2021-08-06",
}
BINARY = {"Content-Type": "application/octet-stream", "x-ms-blob-type": "BlockBlob"}


@routes("PUT", f"/{ACCOUNT}/{{rest*}}")
def put(cloud: Cloud, request: Request) -> Response:
    """Write a blob, a block, a list of blocks, or metadata."""
    name = blob_name(request.path)
    target, kind = cloud.blobs / name, request.query.get("comp")
    if request.query.get("restype") == "container":
        target.mkdir(parents=True, exist_ok=True)
        return Response(201, headers=HEADERS)
    if kind == "metadata":
        cloud.metadata[name] = _metadata(request)
        return Response(200, headers=HEADERS)
    if kind == "block":
        _save(request, _blocks(cloud, name) / _block(request.query["blockid"]))
        return Response(201, headers=HEADERS)
    if kind == "blocklist":
        _join(cloud, name, target, request.body.read().decode())
    else:
        _save(request, target)
    cloud.metadata[name] = _metadata(request)
    return Response(201, headers=HEADERS)


@routes("HEAD GET", f"/{ACCOUNT}/{{rest*}}")
def get(cloud: Cloud, request: Request) -> Response:
    """Read a blob or a range of it, or list a container."""
    name = blob_name(request.path)
    if request.query.get("comp") == "list":
        return _list(cloud.blobs / name.partition("/")[0], request.query.get("prefix", ""))
    file = cloud.blobs / name
    if not file.is_file():
        return error(404, "BlobNotFound")
    size = file.stat().st_size
    meta = {f"x-ms-meta-{key}": value for key, value in cloud.metadata.get(name, {}).items()}
    headers = {**HEADERS, **BINARY, **meta}
    asked = request.headers.get("x-ms-range") or request.headers.get("Range") or ""
    wanted = re.match(r"bytes=(\d+)-(\d*)", asked)
    if wanted is None:
        return Response(200, headers=headers, file=file, length=size)
    if not size:
        return error(416, "InvalidRange")
    start, end = int(wanted[1]), min(int(wanted[2] or size), size - 1)
    headers["Content-Range"] = f"bytes {start}-{end}/{size}"
    return Response(206, headers=headers, file=file, start=start, length=end - start + 1)


@routes("DELETE", f"/{ACCOUNT}/{{rest*}}")
def delete(cloud: Cloud, request: Request) -> Response:
    """Remove a blob."""
    (cloud.blobs / blob_name(request.path)).unlink(missing_ok=True)
    return Response(202, headers=HEADERS)


def _metadata(request: Request) -> dict[str, str]:
    prefix = "x-ms-meta-"
    return {
        name[len(prefix) :]: value
        for name, value in request.headers.items()
        if name.lower().startswith(prefix)
    }


def _save(request: Request, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = target.with_name(f"{target.name}.{uuid.uuid4().hex}.part")
    with aside.open("wb") as file:
        shutil.copyfileobj(request.body, file, CHUNK)
    aside.rename(target)


def _blocks(cloud: Cloud, name: str) -> Path:
    return cloud.folder / "blocks" / name


def _block(blockid: str) -> str:
    return base64.urlsafe_b64encode(blockid.encode()).decode()


def _join(cloud: Cloud, name: str, target: Path, document: str) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as whole:
        for blockid in re.findall(r"<Latest>(.*?)</Latest>", document):
            block = _blocks(cloud, name) / _block(blockid)
            with block.open("rb") as part:
                shutil.copyfileobj(part, whole, CHUNK)
            block.unlink()


def _list(container: Path, prefix: str) -> Response:
    blobs = "".join(_entry(path, container) for path in _files(container, prefix))
    text = (
        f'<?xml version="1.0"?><EnumerationResults ContainerName="{container.name}">'
        f"<Blobs>{blobs}</Blobs><NextMarker/></EnumerationResults>"
    )
    return Response(200, text.encode(), {**HEADERS, "Content-Type": "application/xml"})


def _files(container: Path, prefix: str) -> Iterator[Path]:
    for path in sorted(container.rglob("*")):
        if path.is_file() and path.relative_to(container).as_posix().startswith(prefix):
            yield path


def _entry(path: Path, container: Path) -> str:
    name, size = escape(path.relative_to(container).as_posix()), path.stat().st_size
    return (
        f"<Blob><Name>{name}</Name><Properties><Content-Length>{size}</Content-Length>"
        "<BlobType>BlockBlob</BlobType></Properties></Blob>"
    )


def error(status: int, code: str) -> Response:
    """Return what a storage service says when it cannot do what was asked."""
    text = f'<?xml version="1.0"?><Error><Code>{code}</Code><Message>{code}</Message></Error>'
    headers = {**HEADERS, "x-ms-error-code": code, "Content-Type": "application/xml"}
    return Response(status, text.encode(), headers)
