"""The base URL of an upstream. Pure."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

_HOST: Final = re.compile(
    r"(?=.{1,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\Z"
)
_NUMERIC: Final = re.compile(r"[0-9]+\Z|0x[0-9a-f]*\Z")
"""A last label that resolvers read as part of an address: 127.1, 0x7f000001."""
_PATH: Final = re.compile(r"(?:/[A-Za-z0-9._~-]+)*/?\Z")


@dataclass(frozen=True, slots=True)
class BaseUrl:
    """Where an upstream is."""

    scheme: str
    host: str
    """Lower-case name, or address without brackets."""
    port: int
    prefix: str
    """Path before the dialect's own path, which begins with /v1; no slash at the end."""


class BadUrl(ValueError):
    """A base URL that cannot be used. Never quotes it, because it may hold a password."""

    def __init__(self, message: str, fix: str) -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix


def parse_base_url(text: str) -> BaseUrl:
    """The parts of `https://host[:port][/prefix]`. Raises BadUrl."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise BadUrl("base_url cannot be read", "write https://host[:port][/prefix]") from None
    if parts.scheme not in ("http", "https") or not parts.netloc or not text.isascii():
        raise BadUrl("base_url is not an http or https URL", "write https://host[:port][/prefix] in ASCII")
    if "@" in parts.netloc:
        raise BadUrl("base_url holds a user or password", "remove it and use credential: with file: or env:")
    if "?" in text or "#" in text:
        raise BadUrl("base_url holds a query or fragment", "remove everything from the ? or # on")
    host = parts.hostname or ""
    if address(host) is None and (not _HOST.match(host) or _NUMERIC.match(host.rsplit(".", 1)[-1])):
        raise BadUrl("base_url has no usable host", "write a host name or an address")
    segments = parts.path.split("/")
    if not _PATH.match(parts.path) or "." in segments or ".." in segments or port == 0:
        raise BadUrl(
            "base_url has a path or port that cannot be used", "write a plain path such as /llm, without % or .."
        )
    prefix = parts.path.rstrip("/")
    prefix = prefix.removesuffix("/v1")
    return BaseUrl(parts.scheme, host, port or (443 if parts.scheme == "https" else 80), prefix)


def address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address that `host` is, if it is one."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def is_loopback(host: str) -> bool:
    """Whether `host` is this machine by its name or address alone."""
    known = address(host)
    return host == "localhost" or (known is not None and known.is_loopback)


def is_private(host: str) -> bool:
    """Whether `host` is an address that the Internet does not route, or this machine."""
    known = address(host)
    return is_loopback(host) or (known is not None and not known.is_global)
