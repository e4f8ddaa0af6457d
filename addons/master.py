"""The embedded mitmproxy master: no script loader, no default addons, options set once and watched."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from types import MappingProxyType
from typing import Any, Final

from mitmproxy import master, options
from mitmproxy.addons import proxyserver

from addons import hotspots
from addons.dispatch import FailClosedAddons
from gateway.errors import ConfigurationError

OPTIONS: Final = MappingProxyType(
    {
        "connection_strategy": "lazy",  # eager dials before anything is decided
        "upstream_cert": False,  # true dials to copy the upstream's certificate
        "rawtcp": False,
        "websocket": False,
        "http2": False,
        "http3": False,
        "stream_large_bodies": None,  # a streamed body leaves before it has been read
        "store_streamed_bodies": False,
        "body_size_limit": None,  # ours are per direction, in the layers
        "validate_inbound_headers": True,
        "keep_host_header": True,
        "ssl_insecure": False,
        "ignore_hosts": [],
        "allow_hosts": [],
        "tcp_hosts": [],
        "udp_hosts": [],
        "showhost": False,
        "onboarding": False,
        "proxy_debug": False,
        "server": False,  # we accept connections ourselves
        "mode": ["reverse:https://parked.llmgw.invalid:9"],
        "http_connect_send_host_header": True,
        "normalize_outbound_headers": True,
        "connect_addr": None,
    }
)
"""Every option that matters, with its only accepted value."""
FORBIDDEN_ENVIRONMENT: Final = ("SSLKEYLOGFILE", "MITMPROXY_SSLKEYLOGFILE")
"""Set, they write session secrets to disk."""


class GatewayMaster(master.Master):
    """A master that owns options and the addon manager, and nothing else."""

    addons: FailClosedAddons

    def __init__(self, on_tampered: Callable[[str], None]) -> None:
        """Raises ConfigurationError when the environment would leak session keys."""
        for name in FORBIDDEN_ENVIRONMENT:
            if os.environ.get(name):
                raise ConfigurationError(f"{name} is set: it would write TLS session keys to disk. Unset it.")
        hotspots.apply()
        super().__init__(options.Options(), event_loop=asyncio.get_running_loop())
        self._legacy_log_events.uninstall()
        self._on_tampered = on_tampered
        self.addons = FailClosedAddons(self)
        _declare(self.options)
        self.options.update(**{name: value for name, value in OPTIONS.items() if name in self.options})
        self.check_options()
        self.options.changed.connect(self._changed)

    def check_options(self) -> None:
        """Raise ConfigurationError unless every option that matters has its value."""
        wrong = wrong_options(self.options)
        if wrong:
            raise ConfigurationError(f"proxy options have unsafe values: {', '.join(wrong)}")

    def _changed(self, updated: set[str]) -> None:
        wrong = wrong_options(self.options)
        if wrong:
            self._on_tampered(wrong[0])


def wrong_options(opts: options.Options) -> list[str]:
    """Names of options whose value is not the accepted one."""
    return [name for name, value in OPTIONS.items() if name in opts and getattr(opts, name) != value]


def _declare(opts: options.Options) -> None:
    """Declare the options that mitmproxy's layers read, as its own Proxyserver addon does, without running it."""

    class _Loader:
        def add_option(self, name: str, typespec: Any, default: Any, *rest: Any, **more: Any) -> None:
            opts.add_option(name, typespec, default, *rest, **more)

        def add_command(self, path: str, func: Any) -> None:
            """Commands are not offered."""

    proxyserver.Proxyserver.load(None, _Loader())  # type: ignore[arg-type]
