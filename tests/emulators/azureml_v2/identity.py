"""Sign-in: what azure-identity asks of a tenant before it has a token."""

from __future__ import annotations

import base64
import json
import time
import urllib.parse

from .cloud import Cloud
from .routing import Request, Response, Routes, error

routes = Routes()
SECRET = "emulated-secret"  # noqa: S105  opens nothing but this emulator


@routes("GET", "/{tenant}/v2.0/.well-known/openid-configuration")
def discovery(cloud: Cloud, request: Request) -> Response:
    """Say where tokens are to be had."""
    tenant = f"{cloud.base}/{request.args['tenant']}"
    return Response(
        body={
            "issuer": f"{tenant}/v2.0",
            "authorization_endpoint": f"{tenant}/oauth2/v2.0/authorize",
            "token_endpoint": f"{tenant}/oauth2/v2.0/token",
            "device_authorization_endpoint": f"{tenant}/oauth2/v2.0/devicecode",
        }
    )


@routes("POST", "/{tenant}/oauth2/v2.0/token")
def issue(_: Cloud, request: Request) -> Response:
    """Give a service principal a token for the audience that it asks for."""
    form = dict(urllib.parse.parse_qsl(request.body.read().decode()))
    if form.get("client_secret") != SECRET:
        failure = {
            "error": "invalid_client",
            "error_description": "AADSTS7000215: Invalid client secret provided.",
        }
        return Response(401, failure)
    audience = form["scope"].split()[0].removesuffix("/.default").rstrip("/")
    token = _jwt({"aud": audience, "oid": "o", "tid": request.args["tenant"], "upn": "emulated"})
    answer = {"token_type": "Bearer", "expires_in": 3600, "access_token": token}
    return Response(body=answer)


@routes("GET", "/common/discovery/instance")
def instances(_: Cloud, __: Request) -> Response:
    """Refuse: this authority is not one of Microsoft's."""
    return error(400, "invalid_instance", "not a known authority")


def _jwt(claims: dict[str, object]) -> str:
    claims = {**claims, "exp": int(time.time()) + 3600}
    parts = ({"alg": "HS256", "typ": "JWT"}, claims)
    head = ".".join(
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts
    )
    return f"{head}.c2ln"
