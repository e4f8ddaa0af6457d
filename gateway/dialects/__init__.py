"""The wire formats that the gateway reads: routes, request bodies, refusals, headers. Sans-io, one file each."""

from __future__ import annotations

from collections.abc import Iterable

from gateway.dialects.dialect import Dialect
from gateway.dialects.headers import allowed
from gateway.dialects.native import POLICY_CODES, NativeRefusal, models_answer
from gateway.dialects.routes import DIALECTS, Route, dialect_for_error, route

__all__ = [
    "DIALECTS",
    "POLICY_CODES",
    "Dialect",
    "NativeRefusal",
    "Route",
    "dialect_for_error",
    "forward_headers",
    "models_answer",
    "route",
]


def forward_headers(route: Route, headers: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """The client's headers that go upstream on `route`, and the content type that the gateway sends.

    An allow-list for each family: never a credential, a cookie or an identity.
    """
    return allowed(route.dialect.family, route.dialect.method, headers)
