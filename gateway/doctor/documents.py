"""Checks of the documents: policy, registry, keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from gateway.diagnostics import DocumentError
from gateway.doctor.line import DoctorLine, Patient, fail, ok
from gateway.errors import ConfigurationError
from gateway.keys import load_keys
from gateway.registry import load_registry
from routing_rules.compile import load_policy
from routing_rules.policy import Policy


def policy(path: Path) -> tuple[Policy | None, list[DoctorLine]]:
    """The policy, if it loads, and what there is to say about it."""
    try:
        loaded = load_policy(path)
    except ConfigurationError as error:
        return None, list(_faults("policy", error))
    return loaded, [ok("policy", f"version {loaded.version}, {len(loaded.upstreams)} upstreams")]


def registry(patient: Patient) -> Iterator[DoctorLine]:
    """The agents can be read."""
    settings = patient.settings.identity

    def load() -> str:
        return f"{len(load_registry(settings.registry, settings.trust_domain).by_spiffe_id)} agents"

    yield from _loaded("registry", load)


def keys(patient: Patient) -> Iterator[DoctorLine]:
    """The gateway's own keys can be read."""
    yield from _loaded("gateway keys", lambda: f"active key {load_keys(patient.settings.keys.file).active_id}")


def _loaded(name: str, load: Callable[[], str]) -> Iterator[DoctorLine]:
    try:
        yield ok(name, load())
    except ConfigurationError as error:
        yield from _faults(name, error)


def _faults(name: str, error: ConfigurationError) -> Iterator[DoctorLine]:
    if isinstance(error, DocumentError):
        for each in error.diagnostics:
            yield fail(name, f"{each.file}:{each.line}:{each.column}: {each.message}", each.fix)
    else:
        yield fail(name, str(error), "Run llmgw check for every fault.")
