"""What can be wrong with settings that have the right shape. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from gateway.diagnostics import Diagnostic
from gateway.document_model import Loc, SourceMap
from gateway.identity import SpiffeIdError, parse_spiffe_id
from gateway.settings import OAuth, Redis, Settings
from routing_rules.urls import is_loopback

type _Fault = tuple[Loc, str, str, str]


def lint_settings(settings: Settings, source: SourceMap) -> list[Diagnostic]:
    """Every fault of `settings`."""
    found: list[_Fault] = []
    domain = settings.identity.trust_domain
    try:
        parse_spiffe_id(f"spiffe://{domain}/agent", domain)
    except SpiffeIdError:
        fix = "write lower-case letters, digits, dots and dashes, without spiffe://"
        found.append((("identity", "trust_domain"), "this is no trust domain", fix, "trust-domain"))
    if settings.identity.oauth is not None:
        found += _oauth(settings.identity.oauth)
    if settings.evidence.redis is not None:
        found += _redis(settings.evidence.redis)
    workers = settings.run.workers
    for name, loc in (("listen", ("listen", "port")), ("admin", ("admin", "port"))):
        port = getattr(settings, name).port
        last = port + workers - 1 if name == "admin" and port else port
        if last > 65_535:
            found.append((loc, f"{workers} workers need ports up to {last}", "choose a lower port", "port"))
    return [source.diagnostic(*fault) for fault in found]


def _oauth(oauth: OAuth) -> Iterator[_Fault]:
    at = ("identity", "oauth")
    if (oauth.jwks_file is None) == (oauth.jwks_url is None):
        yield at, "the token keys have exactly one source", "give jwks_file: or jwks_url:, not both", "jwks-source"
    for name in ("issuer", "audience"):
        if not getattr(oauth, name):
            yield (*at, name), f"{name} is empty", "write what the tokens carry", "empty-text"
    if oauth.jwks_url is not None and not _closed_line(oauth.jwks_url):
        yield (*at, "jwks_url"), "token keys would come over an open line", "use https", "clear-http"


def _closed_line(url: str) -> bool:
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host)))


def _redis(redis: Redis) -> Iterator[_Fault]:
    at = ("evidence", "redis", "url")
    try:
        url = urlsplit(redis.url)
        password = url.password
    except ValueError:
        yield at, "this is no URL", "write redis://host:6379/0 or rediss://", "redis-url"
        return
    if url.scheme not in ("redis", "rediss", "unix"):
        yield at, "this is no Redis URL", "write redis://host:6379/0 or rediss://", "redis-url"
    if password:
        yield at, "a password stands in the URL", "move it to a file and name it in password_file:", "inline-secret"
