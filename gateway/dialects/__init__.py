"""The wire formats that the gateway reads: routes, request bodies, refusals, headers. Sans-io, one file each."""

from __future__ import annotations

from collections.abc import Iterable

from gateway.dialects.dialect import Dialect, Form
from gateway.dialects.every import BY_NAME, DIALECTS, FAMILIES, NAMES
from gateway.dialects.headers import allowed
from gateway.dialects.native import POLICY_CODES, NativeRefusal, models_answer
from gateway.dialects.reading import read
from gateway.dialects.routes import Route, dialect_for_error, route

__all__ = [
    "BY_NAME",
    "DIALECTS",
    "FAMILIES",
    "NAMES",
    "POLICY_CODES",
    "Dialect",
    "NativeRefusal",
    "Route",
    "dialect_for_error",
    "forward_headers",
    "models_answer",
    "read",
    "route",
]


def forward_headers(
    route: Route, headers: Iterable[tuple[str, str]], content_type: str | None = None
) -> tuple[tuple[str, str], ...]:
    """The client's headers that go upstream on `route`, and the content type that the gateway sends: JSON unless
    another is given; none if that is empty, or the request has no body.

    An allow-list for each family: never a credential, a cookie or an identity.
    """
    if content_type is None:
        content_type = "" if route.dialect.form is Form.NONE else "application/json"
    return allowed(route.dialect.family, content_type, headers)
