"""Where the keys of an OAuth2 issuer come from: a file, read again when it changes, or a URL, fetched beside the path.

No request ever waits for a fetch. Keys that could not be renewed for an hour are no keys.
"""

from __future__ import annotations

import asyncio
import http.client
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from joserfc.jwk import KeySet

from gateway.errors import ConfigurationError
from gateway.jwk_set import MAXIMUM_BYTES, KeysUnavailable, parse_jwks
from gateway.oauth import TokenVerifier

if TYPE_CHECKING:
    from gateway.settings import OAuth

STALE_AFTER: Final = timedelta(hours=1)
FETCH_SECONDS: Final = 5.0
REFRESH_SECONDS: Final = 300.0
RETRY_SECONDS: Final = 15.0

type Fetch = Callable[[str], Awaitable[bytes]]
"""Gets the body behind a URL. Any OSError, TimeoutError, ValueError or http.client error counts as "not now"."""


class FileKeys:
    """Keys in a file. A changed file that cannot be used ends the use of the old keys: somebody removed one."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._state: tuple[int, int, int] | None = None
        self._keys: KeySet | None = None

    def keys(self, now: datetime) -> KeySet:
        """The keys as the file stands. Raises KeysUnavailable."""
        del now
        try:
            status = self._path.stat()
            state = (status.st_mtime_ns, status.st_size, status.st_ino)
            if state != self._state or self._keys is None:
                self._keys = None
                self._keys = parse_jwks(self._path.read_bytes())
                self._state = state
        except OSError as error:
            self._keys = None
            raise KeysUnavailable(f"{self._path}: {error.strerror}") from None
        except ConfigurationError as error:
            raise KeysUnavailable(f"{self._path}: {error}") from None
        return self._keys


@dataclass(frozen=True, slots=True)
class _Fetched:
    keys: KeySet
    at: datetime


class FetchedKeys:
    """Keys behind a URL, renewed by `run` in the background."""

    def __init__(self, url: str, fetch: Fetch, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._url = url
        self._fetch = fetch
        self._clock = clock
        self._last: _Fetched | None = None
        self.problem = "not fetched yet"
        """Why the last fetch failed; empty when it did not."""

    def keys(self, now: datetime) -> KeySet:
        """The keys of the last good fetch. Raises KeysUnavailable when that is over an hour ago, or never was."""
        if self._last is None or now - self._last.at > STALE_AFTER:
            raise KeysUnavailable(f"no keys from the issuer's JWKS URL: {self.problem or 'too old'}")
        return self._last.keys

    async def refresh(self) -> bool:
        """Fetch once, for at most five seconds; whether there are new keys."""
        try:
            async with asyncio.timeout(FETCH_SECONDS):
                data = await self._fetch(self._url)
            self._last = _Fetched(parse_jwks(data), self._clock())
        except (OSError, ValueError, http.client.HTTPException, ConfigurationError) as error:
            self.problem = f"{type(error).__name__}"
            return False
        self.problem = ""
        return True

    async def run(self) -> None:
        """Keep fetching until cancelled: every five minutes, every fifteen seconds after a failure."""
        while True:
            good = await self.refresh()
            await asyncio.sleep(REFRESH_SECONDS if good else RETRY_SECONDS)


def https_fetch(ca: Path) -> Fetch:
    """A fetch over https that trusts the CAs in `ca` alone: no redirects, bounded in time and size.

    Raises ConfigurationError when the file cannot be used.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_verify_locations(cafile=str(ca))
    except (OSError, ssl.SSLError):
        raise ConfigurationError(f"{ca} is not a readable PEM bundle. Name the CAs of the JWKS URL.") from None

    def get(url: str) -> bytes:
        parts = urlsplit(url)
        if parts.scheme != "https" or parts.hostname is None:
            raise ValueError("a JWKS URL begins with https://")
        connection = http.client.HTTPSConnection(parts.hostname, parts.port, timeout=FETCH_SECONDS, context=context)
        try:
            target = parts.path or "/"
            connection.request("GET", f"{target}?{parts.query}" if parts.query else target)
            answer = connection.getresponse()
            if answer.status != http.client.OK:
                raise ValueError("the JWKS URL did not answer 200")
            return answer.read(MAXIMUM_BYTES + 1)
        finally:
            connection.close()

    async def fetch(url: str) -> bytes:
        return await asyncio.to_thread(get, url)

    return fetch


def token_verifier(
    settings: OAuth | None, fetch: Fetch | None = None
) -> tuple[TokenVerifier | None, FetchedKeys | None]:
    """The verifier that the settings describe, and the source whose `run` has to be kept running, where there is one.

    `fetch` gets the JWKS URL; by default over https, trusting `jwks_ca_file` alone. Raises ConfigurationError.
    """
    if settings is None:
        return None, None
    if (settings.jwks_file is None) == (settings.jwks_url is None):
        raise ConfigurationError("identity.oauth: give one of jwks_file and jwks_url.")
    if settings.jwks_file is not None:
        return TokenVerifier(settings, FileKeys(settings.jwks_file)), None
    if settings.jwks_url is None or not settings.jwks_url.startswith("https://"):
        raise ConfigurationError("identity.oauth.jwks_url: use an https:// URL.")
    if fetch is None:
        if settings.jwks_ca_file is None:
            raise ConfigurationError("identity.oauth: give jwks_ca_file, the CA bundle of the JWKS URL.")
        fetch = https_fetch(settings.jwks_ca_file)
    source = FetchedKeys(settings.jwks_url, fetch)
    return TokenVerifier(settings, source), source
