"""`llmgw check`: loads every document without serving, and says everything that is wrong."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import quote

from dlp_recognizers.own.bundle import OwnData, load_own, verify_tables
from gateway.diagnostics import Diagnostic, DocumentError, did_you_mean
from gateway.document_model import SourceMap
from gateway.documents import load, load_settings
from gateway.keys import KeyRing, load_keys
from gateway.model import AgentRecord
from gateway.registry import Registry, load_registry
from gateway.settings import Settings
from gateway.tls_files import bundle_fault, pair_fault
from routing_rules.compile import load_policy, missing_credentials
from routing_rules.model import RulesDocument
from routing_rules.policy import Policy

type Format = Literal["text", "json", "sarif"]

SARIF_SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found, and what could be loaded all the same."""

    diagnostics: tuple[Diagnostic, ...]
    settings: Settings | None = None
    policy: Policy | None = None
    registry: Registry | None = None
    keys: KeyRing | None = None

    @property
    def usable(self) -> bool:
        """Whether a gateway could start with this."""
        return not self.diagnostics


def check_all(settings_path: Path) -> Checked:
    """Load settings, policy, registry and keys; every fault of every file, in the order of file and line."""
    found: list[Diagnostic] = []

    def attempt[T](step: Callable[[], T]) -> T | None:
        try:
            return step()
        except DocumentError as error:
            found.extend(error.diagnostics)
            return None

    settings = attempt(lambda: load_settings(settings_path))
    if settings is None:
        # The rules say what is wrong with them even while the settings are broken, where they are in their usual place.
        beside = settings_path.parent / "rules.yaml"
        policy = attempt(lambda: load_policy(beside)) if beside.is_file() else None
        return Checked(_in_order(found), policy=policy)
    found += _settings_certificates(settings_path, settings)
    own = attempt(lambda: _own(settings))
    levels = own.levels if own is not None else None
    policy = attempt(lambda: load_policy(settings.policy, levels))
    registry = attempt(lambda: load_registry(settings.identity.registry, settings.identity.trust_domain))
    keys = attempt(lambda: load_keys(settings.keys.file))
    if policy is not None:
        found += missing_credentials(settings.policy)
        rules, source = load(settings.policy, RulesDocument)
        found += _upstream_certificates(rules, source, policy)
        found += _unknown_callers(rules, source, registry) if registry is not None else ()
    return Checked(_in_order(found), settings, policy, registry, keys)


def _own(settings: Settings) -> OwnData:
    own = load_own(settings)
    verify_tables(own)
    return own


def _in_order(found: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    return tuple(sorted(set(found)))


def _settings_certificates(path: Path, settings: Settings) -> Iterator[Diagnostic]:
    _, source = load(path, Settings)
    listen, canary = settings.listen, settings.canary
    yield from pair_fault(source, ("listen", "certificate"), listen.certificate, listen.key)
    yield from bundle_fault(source, ("listen", "client_ca"), listen.client_ca)
    yield from pair_fault(source, ("canary", "certificate"), canary.certificate, canary.key)


def _upstream_certificates(rules: RulesDocument, source: SourceMap, policy: Policy) -> Iterator[Diagnostic]:
    for index, document in enumerate(rules.upstreams):
        upstream, loc = policy.upstreams[document.id], ("upstreams", index)
        if upstream.ca_file:
            yield from bundle_fault(source, (*loc, "ca_file"), Path(upstream.ca_file))
        if upstream.client_cert_file:
            pair = Path(upstream.client_cert_file), Path(upstream.client_key_file)
            yield from pair_fault(source, (*loc, "client_certificate"), *pair)


_CALLERS: Final[Mapping[str, Callable[[AgentRecord], str]]] = {
    "agent": lambda record: record.agent_id,
    "tenant": lambda record: record.tenant,
    "user": lambda record: record.user,
}


def _unknown_callers(rules: RulesDocument, source: SourceMap, registry: Registry) -> Iterator[Diagnostic]:
    """Conditions on agents, tenants and users that the registry does not have: nothing would ever match them."""
    for key, read in _CALLERS.items():
        known = {read(record) for record in registry.by_spiffe_id.values()}
        for index, rule in enumerate(rules.rules):
            for position, name in enumerate(getattr(rule.when, key) or ()):
                if name not in known:
                    loc = ("rules", index, "when", key, position)
                    message = f"no agent of the registry has {key} {name}"
                    yield source.diagnostic(loc, message, did_you_mean(name, known), f"unknown-{key}")


def render(diagnostics: Sequence[Diagnostic], form: Format) -> str:
    """The diagnostics as text (a line each), JSON or SARIF 2.1.0 (OASIS), for people, programs and CI."""
    if form == "text":
        return "".join(f"{each}\n" for each in diagnostics)
    if form == "json":
        return json.dumps({"diagnostics": [_as_json(each) for each in diagnostics]}, indent=1) + "\n"
    return json.dumps(_sarif(diagnostics), indent=1) + "\n"


def _as_json(each: Diagnostic) -> dict[str, str | int]:
    return {
        "file": each.file,
        "line": each.line,
        "column": each.column,
        "code": each.code,
        "message": each.message,
        "fix": each.fix,
    }


def _sarif(diagnostics: Sequence[Diagnostic]) -> dict[str, Any]:
    codes = sorted({each.code for each in diagnostics})
    driver = {"name": "llmgw check", "rules": [{"id": code} for code in codes]}
    results = [
        {
            "ruleId": each.code,
            "ruleIndex": codes.index(each.code),
            "level": "error",
            "message": {"text": f"{each.message}. Fix: {each.fix}"},
            "locations": [{"physicalLocation": _sarif_place(each)}],
        }
        for each in diagnostics
    ]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return {"$schema": SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}


def _sarif_place(each: Diagnostic) -> dict[str, Any]:
    uri = Path(each.file).as_uri() if Path(each.file).is_absolute() else quote(each.file)
    return {
        "artifactLocation": {"uri": uri},
        "region": {"startLine": each.line, "startColumn": each.column},
    }
