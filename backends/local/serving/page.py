"""The page at /: one file of HTML with its style and its script inside, and the policy for it."""

from __future__ import annotations

import base64
import hashlib
import html
from pathlib import Path

from .settings import Settings

HERE = Path(__file__).parent


def load(how: Settings, key: Path) -> tuple[str, str]:
    """Return the page, and a Content-Security-Policy that allows it and nothing else."""
    style = (HERE / "page.css").read_text(encoding="utf-8")
    script = (HERE / "page.js").read_text(encoding="utf-8")
    page = (HERE / "page.html").read_text(encoding="utf-8")
    page = page.replace("/*style*/", style).replace("/*script*/", script)
    page = page.replace("/*base*/", f"{how.root_path}/").replace("/*key*/", _where(how, key))
    policy = (
        "default-src 'none'",
        f"style-src {_hash(style)}",
        f"script-src {_hash(script)}",
        "img-src data:",
        "connect-src 'self'",
        "base-uri 'self'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
    return page, "; ".join(policy)


def _where(how: Settings, key: Path) -> str:
    """Say where the key is; folders of this machine are nothing for whoever comes by a proxy."""
    if how.proxied:
        return f"<code>concrete endpoints show {how.name}</code> says where the key is."
    return f"The key is in <code>{html.escape(str(key))}</code>."


def _hash(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"
