"""Changes to mitmproxy's inner parts that cost CPU for every request and give us nothing. Written for one version.

Each is measured with `make bench` (workload `seen`); start on any other version than the one it was
read for is refused.
"""

from __future__ import annotations

import itertools
from importlib import metadata
from typing import Any, Final

from mitmproxy import flow, http

from gateway.errors import ConfigurationError

VERSION: Final = "12.2.3"
"""The release whose source these changes were checked against."""


class _CountedId:
    """Stands for the `uuid` module in mitmproxy.flow: flow ids only have to differ inside this process."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)

    def uuid4(self) -> str:
        """A new id."""
        return f"f{next(self._numbers)}"


def _no_check(_self: object) -> None:
    """In place of MessageData.__post_init__, which checks the type of each field of each message at run time."""


def _header(self: http.Headers, name: str | bytes, default: Any = None) -> Any:
    """Headers.get: one pass, no exception for a name that is not there. Folds repeated fields as the original."""
    wanted = (name.encode("utf-8", "surrogateescape") if isinstance(name, str) else name).lower()
    found = [value for key, value in self.fields if key.lower() == wanted]
    if not found:
        return default
    return b", ".join(found).decode("utf-8", "surrogateescape")


def _has_header(self: http.Headers, name: object) -> bool:
    """`name in headers` without building values."""
    if not isinstance(name, (str, bytes)):
        return False
    wanted = (name.encode("utf-8", "surrogateescape") if isinstance(name, str) else name).lower()
    return any(key.lower() == wanted for key, _ in self.fields)


def _header_or_key_error(self: http.Headers, name: str | bytes) -> str:
    """`headers[name]`. Raises KeyError."""
    value = _header(self, name)
    if value is None:
        raise KeyError(name)
    return str(value)


def apply() -> None:
    """Apply every change. Raises ConfigurationError for a version that nobody has read them against."""
    found = metadata.version("mitmproxy")
    if found != VERSION:
        raise ConfigurationError(f"addons/hotspots.py was written for mitmproxy {VERSION}, and {found} is installed.")
    for owner, name, replacement in _CHANGES:
        setattr(owner, name, replacement)


_CHANGES: Final[tuple[tuple[Any, str, Any], ...]] = (
    # Two messages a flow in mitmproxy, five in the gateway: 9 % of the CPU of a small request.
    (http.MessageData, "__post_init__", _no_check),
    # A system call for each flow, 1 %.
    (flow, "uuid", _CountedId()),
    # Some thirty look-ups a request through three layers of conversions and an exception for each miss: 7 %.
    (http.Headers, "get", _header),
    (http.Headers, "__contains__", _has_header),
    (http.Headers, "__getitem__", _header_or_key_error),
)
