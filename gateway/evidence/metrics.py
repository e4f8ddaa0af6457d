"""The Prometheus metrics of one worker: its own registry, closed label sets, cheap on the path of a request.

A label value outside its set becomes `other`, so no client can make series. What is per request goes through children
that are looked up once per label set.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, generate_latest

from gateway.entities import ENTITY_GROUPS
from gateway.evidence.event import OUTCOMES
from gateway.evidence.labels import (
    BARRIERS,
    CERTIFICATES,
    DIALECTS,
    HOOKS,
    MOST_UPSTREAMS,
    MOST_WORDS,
    NONE,
    REASONS_TLS,
    Words,
)
from gateway.model import Level, Tier

__all__ = ["NONE", "Metrics", "RequestFacts"]

DURATIONS: Final = tuple(0.01 * 2**power for power in range(14))
"""Seconds, 0.01 doubling to 81.92: the buckets of the GenAI conventions."""
SCAN_DURATIONS: Final = (0.0002, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestFacts:
    """What metrics take from one exchange. Times in seconds; None where the exchange did not get that far."""

    dialect: str
    outcome: str
    level: str = NONE
    tier: str = NONE
    upstream: str = NONE
    seconds: float = 0.0
    scan_seconds: float | None = None
    first_byte_seconds: float | None = None
    findings: Mapping[str, int] = field(default_factory=dict)
    new_bytes: int = 0
    cached_bytes: int = 0
    restored: int = 0
    refusal_code: str = ""


class Metrics:
    """Every metric of one worker. Methods never raise for any label value."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # `_created` would double the series
        self.registry = CollectorRegistry()
        self._dialects = Words(DIALECTS)
        self._outcomes = Words(OUTCOMES)
        self._levels = Words(level.label for level in Level)
        self._tiers = Words(tier.value for tier in Tier)
        self._upstreams = Words(())
        self._entities = Words(ENTITY_GROUPS)
        self._codes = Words((), bound=MOST_WORDS)
        self._hooks = Words(HOOKS, bound=MOST_WORDS)
        self._barriers = Words(BARRIERS, bound=16)
        self._tls_reasons = Words(REASONS_TLS)
        self._certificates = Words(CERTIFICATES)
        self._sinks = Words(("redis",))
        self._children: dict[tuple[str, ...], Counter] = {}
        self._findings: dict[str, Counter] = {}
        self._make_request_metrics()
        self._make_fault_metrics()
        self._make_state_metrics()

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"llmgw_{name}", text, labels, registry=self.registry)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(f"llmgw_{name}", text, labels, registry=self.registry)

    def _histogram(self, name: str, text: str, buckets: tuple[float, ...]) -> Histogram:
        return Histogram(f"llmgw_{name}", text, registry=self.registry, buckets=buckets)

    def _make_request_metrics(self) -> None:
        self._requests = self._counter(
            "requests_total", "Exchanges that ended.", "dialect", "outcome", "level", "tier", "upstream"
        )
        self._refusals = self._counter("refusals_total", "Refused exchanges, by refusal code.", "code")
        self._found = self._counter("findings_total", "Findings in prompts, by entity.", "entity")
        self._seconds = self._histogram("request_seconds", "Time from first header to last byte.", DURATIONS)
        self._scan_seconds = self._histogram("scan_seconds", "Time a request waited for its scan.", SCAN_DURATIONS)
        self._first_byte = self._histogram(
            "upstream_first_byte_seconds", "Time from dialling an upstream to its first byte.", DURATIONS
        )
        scanned = self._counter("scan_bytes_total", "Bytes of prompt text, scanned now or known.", "source")
        self._bytes_new, self._bytes_cache = scanned.labels("new"), scanned.labels("cache")
        self._restored = self._counter("placeholders_restored_total", "Placeholders put back into answers.")
        self._connections = self._gauge("connections", "Open client connections.")

    def _make_fault_metrics(self) -> None:
        self._hook_failures = self._counter("hook_failures_total", "Steps that failed and so refused.", "hook")
        self._barrier = self._counter("barrier_refusals_total", "Requests that a last barrier stopped.", "barrier")
        self._tls = self._counter("tls_failures_total", "Client handshakes refused, by reason.", "reason")
        self._canary_failures = self._counter("canary_failures_total", "Self-checks that failed.")
        self._reload_failures = self._counter("policy_reload_failures_total", "Policy files that could not be used.")
        self._outbox_lost = self._counter("outbox_lost_total", "Events lost at the bound of the outbox.")
        self._scanner_restarts = self._counter("scanner_restarts_total", "Scan processes that were replaced.")
        self._bypass = self._counter("bypass_total", "Requests let through unscanned because the policy says so.")

        for word in HOOKS:
            self._hook_failures.labels(word)
        for word in BARRIERS:
            self._barrier.labels(word)
        for word in REASONS_TLS:
            self._tls.labels(word)

    def _make_state_metrics(self) -> None:
        self._outbox = self._gauge("outbox_events", "Events in the outbox of this worker.", "state")
        self._sink_up = self._gauge("sink_up", "Whether a sink takes events (1) or not (0).", "sink")
        self._sink_delivered = self._counter("sink_delivered_total", "Events a sink has taken.", "sink")
        self._sink_rewinds = self._counter("sink_rewinds_total", "Times a sink had lost what it took.", "sink")
        self._policy_info = self._gauge("policy_info", "Constant 1; the policy in use.", "version")
        self._policy_stale = self._gauge("policy_stale", "1 while the policy file is broken and an older one is used.")
        self._policy_loaded = self._gauge("policy_loaded_timestamp_seconds", "When the policy in use was loaded.")
        self._crl_next = self._gauge("crl_next_update_timestamp_seconds", "nextUpdate of the revocation list.")
        self._crl_stale = self._gauge("crl_stale", "1 while the revocation list is past its nextUpdate.")
        self._expiry = self._gauge("certificate_expiry_timestamp_seconds", "Earliest notAfter, by use.", "which")
        self._canary_ok = self._gauge("canary_ok", "1 if the last self-check was right.")
        self._scanner_workers = self._gauge("scanner_workers", "Scan processes that are alive.")
        self._scanner_queue = self._gauge("scanner_queue", "Scans waiting for a process.")
        self._worker_restarts = self._gauge("worker_restarts", "Proxy workers replaced by the supervisor.")
        self._build = self._gauge("build_info", "Constant 1; the version that runs.", "version", "python")

    # the path of a request

    def request(self, facts: RequestFacts) -> None:
        """Count one exchange that ended."""
        key = (
            self._dialects(facts.dialect or NONE),
            self._outcomes(facts.outcome),
            self._levels(facts.level or NONE),
            self._tiers(facts.tier or NONE),
            self._upstreams(facts.upstream or NONE),
        )
        child = self._children.get(key)
        if child is None:
            child = self._children[key] = self._requests.labels(*key)
        child.inc()
        self._seconds.observe(facts.seconds)
        if facts.scan_seconds is not None:
            self._scan_seconds.observe(facts.scan_seconds)
        if facts.first_byte_seconds is not None:
            self._first_byte.observe(facts.first_byte_seconds)
        if facts.new_bytes:
            self._bytes_new.inc(facts.new_bytes)
        if facts.cached_bytes:
            self._bytes_cache.inc(facts.cached_bytes)
        if facts.restored:
            self._restored.inc(facts.restored)
        if facts.refusal_code:
            self._refusals.labels(self._codes(facts.refusal_code)).inc()
        for entity, count in facts.findings.items():
            self._finding(self._entities(entity)).inc(count)

    def _finding(self, entity: str) -> Counter:
        child = self._findings.get(entity)
        if child is None:
            child = self._findings[entity] = self._found.labels(entity)
        return child

    def connection_opened(self) -> None:
        """A client connected."""
        self._connections.inc()

    def connection_closed(self) -> None:
        """A client went away."""
        self._connections.dec()

    # faults

    def hook_failure(self, hook: str) -> None:
        """A step of the chain failed and the exchange was refused."""
        self._hook_failures.labels(self._hooks(hook)).inc()

    def barrier_refusal(self, barrier: str) -> None:
        """A last barrier (parking, permit, address) stopped a request."""
        self._barrier.labels(self._barriers(barrier)).inc()

    def tls_failure(self, reason: str) -> None:
        """A client's handshake was refused; `reason` is one of `REASONS_TLS`."""
        self._tls.labels(self._tls_reasons(reason)).inc()

    def bypassed(self) -> None:
        """A request went out unscanned because the policy says so."""
        self._bypass.inc()

    def outbox_lost(self) -> None:
        """An event was lost at the bound."""
        self._outbox_lost.inc()

    def canary(self, *, ok: bool) -> None:
        """A self-check ended."""
        self._canary_ok.set(ok)
        if not ok:
            self._canary_failures.inc()

    # states

    def sink(self, name: str, *, up: bool) -> None:
        """Whether a sink takes events."""
        self._sink_up.labels(self._sinks(name)).set(up)

    def sink_delivered(self, name: str, count: int) -> None:
        """A sink took `count` events."""
        self._sink_delivered.labels(self._sinks(name)).inc(count)

    def sink_rewound(self, name: str) -> None:
        """A sink had lost what it was given."""
        self._sink_rewinds.labels(self._sinks(name)).inc()

    def outbox(self, *, pending: int, retained: int = 0) -> None:
        """Events in the outbox: not yet taken by a sink, and delivered but kept."""
        self._outbox.labels("pending").set(pending)
        self._outbox.labels("retained").set(retained)

    def policy(self, version: str, upstreams: Iterable[str], loaded_at: float) -> None:
        """A snapshot came into use; `loaded_at` is Unix time. Its upstreams become values of the upstream label."""
        self._upstreams.declare(upstreams, MOST_UPSTREAMS)
        self._policy_info.clear()
        self._policy_info.labels(version).set(1)
        self._policy_loaded.set(loaded_at)
        self._policy_stale.set(0)

    def policy_broken(self) -> None:
        """The policy on disk cannot be used; the one in use stays."""
        self._reload_failures.inc()
        self._policy_stale.set(1)

    def crl(self, next_update: float, *, stale: bool) -> None:
        """The revocation list in use; `next_update` is Unix time."""
        self._crl_next.set(next_update)
        self._crl_stale.set(stale)

    def certificate(self, which: str, not_after: float) -> None:
        """When one of our certificates expires, Unix time; `which` is one of `CERTIFICATES`."""
        self._expiry.labels(self._certificates(which)).set(not_after)

    def scanner(self, *, workers: int, queue: int) -> None:
        """The scanner pool now."""
        self._scanner_workers.set(workers)
        self._scanner_queue.set(queue)

    def scanner_restarted(self) -> None:
        """A scan process was replaced."""
        self._scanner_restarts.inc()

    def worker_restarts(self, count: int) -> None:
        """Proxy workers the supervisor has replaced so far."""
        self._worker_restarts.set(count)

    def build(self, version: str, python: str) -> None:
        """What runs."""
        self._build.labels(version, python).set(1)

    def render(self) -> bytes:
        """Everything in Prometheus' text format."""
        return generate_latest(self.registry)
