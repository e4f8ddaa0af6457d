"""Changes to mitmproxy's inner parts that cost CPU for every request and give us nothing. Written for one version.

Each is measured with `make bench` (workload `seen`); start on any other version than the one it was
read for is refused.
"""

from __future__ import annotations

import copy
import dataclasses
import functools
import itertools
from collections.abc import Iterable
from importlib import metadata
from typing import Any, Final

from mitmproxy import connection, flow, hooks, http, optmanager
from mitmproxy.net.http import http1
from mitmproxy.net.http.http1 import read
from mitmproxy.proxy import commands, context, events
from mitmproxy.proxy.layers import http as layers_http

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


@functools.lru_cache(maxsize=512)
def _wanted(name: str | bytes) -> bytes:
    """A field name as the index has it."""
    return (name.encode("utf-8", "surrogateescape") if isinstance(name, str) else name).lower()


def _index(headers: http.Headers) -> dict[bytes, bytes]:
    """Lower-case name to value, made once for each state of the fields: mitmproxy replaces the tuple to change them."""
    known: tuple[object, dict[bytes, bytes]] | None = headers.__dict__.get("_index")
    fields = headers.fields
    if known is not None and known[0] is fields:
        return known[1]
    index: dict[bytes, bytes] = {}
    for name, value in fields:
        lower = name.lower()
        index[lower] = index[lower] + b", " + value if lower in index else value
    headers.__dict__["_index"] = (fields, index)
    return index


def _header(self: http.Headers, name: str | bytes, default: Any = None) -> Any:
    """Headers.get: no exception for a name that is not there. Folds repeated fields as the original."""
    value = _index(self).get(_wanted(name))
    return default if value is None else value.decode("utf-8", "surrogateescape")


def _has_header(self: http.Headers, name: object) -> bool:
    """`name in headers` without building values."""
    return isinstance(name, (str, bytes)) and _wanted(name) in _index(self)


def _header_or_key_error(self: http.Headers, name: str | bytes) -> str:
    """`headers[name]`. Raises KeyError."""
    value = _index(self).get(_wanted(name))
    if value is None:
        raise KeyError(name)
    return value.decode("utf-8", "surrogateescape")


def _body_size(request: http.Request, response: http.Response | None = None) -> int | None:
    """expected_http_body_size, worked out once for each state of the fields. Raises ValueError."""
    headers = response.headers if response else request.headers
    asked = (headers.fields, request.data.method, response.data.status_code if response else 0)
    known = headers.__dict__.get("_size")
    if known is not None and known[0][0] is asked[0] and known[0][1:] == asked[1:]:
        size: int | None = known[1]
        return size
    size = read.expected_http_body_size(request, response)
    headers.__dict__["_size"] = (asked, size)
    return size


def know_fields(headers: http.Headers, index: dict[bytes, bytes]) -> None:
    """Spare `_index` its pass: whoever read these fields made the index on the way."""
    headers.__dict__["_index"] = (headers.fields, index)


def know_size(headers: http.Headers, method: bytes, status: int, size: int | None) -> None:
    """Spare `_body_size` its work for these fields; `status` is 0 for a request."""
    headers.__dict__["_size"] = ((headers.fields, method, status), size)


def _fork(self: context.Context) -> context.Context:
    """Context.fork without a Server object, and its random id, that the next line would replace."""
    made = context.Context.__new__(context.Context)
    made.client, made.options, made.server, made.layers = self.client, self.options, self.server, self.layers.copy()
    return made


def _hook_args(self: hooks.Hook) -> list[Any]:
    """Hook.args with the names of the fields looked up once for each kind of hook."""
    return [getattr(self, name) for name in _field_names(type(self))]  # type: ignore[arg-type]


@functools.cache
def _field_names(kind: Any) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(kind))


def _new(cls: type[Any], *_args: object, **_kwargs: object) -> Any:
    """In place of constructors that look at each object whether its class is abstract or a dataclass."""
    return object.__new__(cls)


def _headers(self: http.Headers, fields: Iterable[tuple[bytes, bytes]] = (), **named: str | bytes) -> None:
    """Headers.__init__ without a second look at each field; who makes one here makes it of bytes."""
    self.fields = tuple(fields)
    for name, value in named.items():
        self[name.replace("_", "-")] = value


def _current(self: optmanager._Option) -> Any:
    """_Option.current without two deep copies of what cannot change."""
    value = self._default if self.value is optmanager.unset else self.value
    return value if value is None or type(value) in _PLAIN else copy.deepcopy(value)


_PLAIN: Final = frozenset({bool, int, str})


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
    # With the index it is one pass for a message instead of one for each look-up: see below.
    (http.Headers, "get", _header),
    (http.Headers, "__contains__", _has_header),
    (http.Headers, "__getitem__", _header_or_key_error),
    # Asked eight times a request, with the same answers. This and what follows, and the index of fields: 6 %.
    (http1, "expected_http_body_size", _body_size),
    (layers_http, "expected_http_body_size", _body_size),
    (context.Context, "fork", _fork),
    (hooks.Hook, "args", _hook_args),
    (hooks.Hook, "__new__", _new),
    (commands.StartHook, "__new__", _new),
    (events.CommandCompleted, "__new__", _new),
    # Together 2 %.
    (http.Headers, "__init__", _headers),
    (optmanager._Option, "current", _current),
    # Connections are never loaded from a file here: each is equal to itself alone.
    (connection.Connection, "__eq__", object.__eq__),
    (connection.Connection, "__hash__", object.__hash__),
)
