"""Checks of what the gateway talks to: every upstream of the policy, and Redis. No request is ever sent."""

from __future__ import annotations

import queue
import socket
import threading
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from addons.proxy.dial import DialRefusedError, check_address
from addons.tls_probe import probe
from gateway.credentials import CredentialStore
from gateway.doctor.line import DoctorLine, Patient, fail, ok, warn
from gateway.errors import ConfigurationError, Refused

if TYPE_CHECKING:
    from gateway.model import Upstream

CONNECT_SECONDS: Final = 2.0
TOTAL_SECONDS: Final = 8.0
"""When to stop waiting for all upstreams together; a resolver may take longer than any socket's timeout."""


def upstreams(patient: Patient) -> Iterator[DoctorLine]:
    """Each upstream can be reached, at an address that is allowed, and is the one that the policy trusts."""
    if patient.policy is None:
        return
    wanted = list(patient.policy.upstreams.values())
    found: queue.SimpleQueue[tuple[str, DoctorLine]] = queue.SimpleQueue()
    for upstream in wanted:
        threading.Thread(target=lambda one=upstream: found.put((one.id, _upstream(one))), daemon=True).start()
    lines: dict[str, DoctorLine] = {}
    end = time.monotonic() + TOTAL_SECONDS
    while len(lines) < len(wanted):
        try:
            name, line = found.get(timeout=max(0.0, end - time.monotonic()))
        except queue.Empty:
            break
        lines[name] = line
    for upstream in wanted:
        slow = warn(f"upstream {upstream.id}", "no answer in time", "Check the name server and the network.")
        yield lines.get(upstream.id, slow)


def _upstream(upstream: Upstream) -> DoctorLine:
    name, where = f"upstream {upstream.id}", f"{upstream.host}:{upstream.port}"
    try:
        with socket.create_connection((upstream.host, upstream.port), timeout=CONNECT_SECONDS) as plain:
            check_address(plain.getpeername()[0], allow_private=upstream.allow_private)
            if upstream.scheme != "https":
                return ok(name, f"{where} accepts connections (clear text)")
            version, end = probe(upstream, plain)
    except DialRefusedError as error:
        return fail(name, f"{where}: {error}", "Correct the host, or set allow_private for an upstream of your own.")
    except ConfigurationError as error:
        return fail(name, f"{where}: {error}", "Check ca_file, sni and the upstream's certificate.")
    except OSError as error:
        detail = f"{where}: {error.strerror or type(error).__name__}"
        return warn(name, detail, "Check the host, the port, the firewall, and that it is running.")
    return ok(name, f"{where} is trusted ({version}, its certificate ends {end:%Y-%m-%d})")


def credentials(patient: Patient) -> Iterator[DoctorLine]:
    """Each credential that the policy names has a value. The value is never shown."""
    if patient.policy is None:
        return
    store = CredentialStore()
    for upstream in patient.policy.upstreams.values():
        if upstream.credential is None:
            continue
        name, source = f"credential of upstream {upstream.id}", upstream.credential.source
        try:
            store(source)
        except Refused:
            kind, _, where = source.partition(":")
            fix = f"Write it to {where}, chmod 600." if kind == "file" else f"Set {where} for the gateway's process."
            yield fail(name, f"{source} has no usable value", fix)
        else:
            yield ok(name, f"{source} has a value")


def redis(patient: Patient) -> Iterator[DoctorLine]:
    """Redis answers. While it does not, events wait in the outbox and no request is held up."""
    settings = patient.settings.evidence.redis
    if settings is None:
        yield ok("Redis", "none is configured: events stay in the outbox")
        return
    parts = urlsplit(settings.url)
    where = f"{parts.hostname or 'localhost'}:{parts.port or 6379}"
    fix = "Start Redis or correct evidence.redis; events wait in the outbox until then."
    try:
        if patient.ping_redis is not None:
            patient.ping_redis(settings)
            yield ok("Redis", f"{where} answers PING")
        else:
            target = (parts.hostname or "localhost", parts.port or 6379)
            socket.create_connection(target, timeout=CONNECT_SECONDS).close()
            yield ok("Redis", f"{where} accepts connections")
    except OSError as error:
        yield warn("Redis", f"{where}: {error.strerror or type(error).__name__}", fix)
