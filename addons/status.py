"""What a worker says of itself: readiness, gauges, the status page."""

from __future__ import annotations

import asyncio
import socket
import time
from collections import deque
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from cryptography import x509

import gateway
from gateway.admin import (
    AdminSources,
    CertificateStatus,
    Check,
    DecisionRow,
    ScannerStatus,
    SinkStatus,
    Status,
)
from gateway.admin.status import LAST_DECISIONS

if TYPE_CHECKING:
    from addons.canary import CanaryResult
    from addons.worker import Worker
    from gateway.ports import EvidenceSink

_GAUGE_SECONDS: Final = 1.0
_BUILDS: Final = ("mitmproxy", "presidio-analyzer", "spacy", "cryptography", "h2")


class DecisionLog:
    """Passes events on and remembers the last ones for the status page. Events hold no text."""

    def __init__(self, sink: EvidenceSink) -> None:
        self._sink = sink
        self.rows: deque[Mapping[str, Any]] = deque(maxlen=LAST_DECISIONS)
        self.counters: dict[str, int] = {"requests": 0, "redacted": 0, "rerouted": 0, "blocked": 0}

    def emit(self, event: Mapping[str, object]) -> None:
        """Hand the event on first: evidence comes before the page."""
        self._sink.emit(event)
        self.rows.appendleft(event)
        self.counters["requests"] += 1
        for word in str(event["verdict"]).split(","):
            if word in self.counters:
                self.counters[word] += 1


class WorkerStatus:
    """Reads the parts of one worker; changes none."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._started = time.time()
        self._node = socket.gethostname()
        self.canary: CanaryResult | None = None
        self.canary_at = 0.0
        self.was_ready = False
        self._certificates: tuple[CertificateStatus, ...] = ()

    def sources(self) -> AdminSources:
        """For the admin endpoint."""
        return AdminSources(readiness=self.readiness, metrics=self._worker.metrics.render, status=self.status)

    def readiness(self) -> dict[str, Check]:
        """Every condition, with what it says. A stale policy is told, but a gateway that has a good one goes on."""
        worker = self._worker
        stats, outbox = worker.pool.stats(), worker.outbox.state()
        problems = dict(worker.store.problems)
        canary = self.canary
        crl = next((each for each in self._certificates if each.name == "client_crl"), None)
        certificate = next((each for each in self._certificates if each.name == "listen"), None)
        return {
            "policy": Check(True, problems.get("policy", worker.store.current().policy.version)),
            "registry": Check(True, problems.get("registry", "")),
            "recognizers": Check(True, problems.get("recognizers", stats.problem)),
            "revocations": Check(crl is None or crl.ok, problems.get("revocations", crl.detail if crl else "no list")),
            "certificate": Check(certificate is not None and certificate.ok, certificate.detail if certificate else ""),
            "scanner": Check(
                stats.workers_alive > 0, f"{stats.workers_alive} of {worker.settings.dlp.workers} processes"
            ),
            "canary": Check(canary is not None and canary.ok, canary.detail if canary else "not run yet"),
            "outbox": Check(not outbox.failing, outbox.failing or f"{outbox.pending} events wait"),
            "options": Check(not worker.surroundings.tampered, worker.surroundings.tampered),
            "serving": Check(not worker.surroundings.draining, "draining" if worker.surroundings.draining else ""),
        }

    def published(self) -> None:
        """A snapshot or a certificate came into use: tell the metrics."""
        worker = self._worker
        snapshot = worker.store.current()
        worker.metrics.policy(snapshot.policy.version, snapshot.policy.upstreams, snapshot.loaded_at.timestamp())
        if "policy" in worker.store.problems:
            worker.metrics.policy_broken()
        self._certificates = tuple(self._read_certificates())
        for each in self._certificates:
            if each.name == "client_crl":
                worker.metrics.crl(each.expires_at, stale=not each.ok)
            else:
                worker.metrics.certificate(each.name, each.expires_at)

    async def run(self) -> None:
        """Keep gauges current until cancelled."""
        while True:
            worker = self._worker
            stats = worker.pool.stats()
            worker.metrics.scanner(workers=stats.workers_alive, queue=stats.queued)
            outbox = worker.outbox.state()
            worker.metrics.outbox(pending=outbox.pending, retained=outbox.retained)
            self._certificates = tuple(self._read_certificates())
            await asyncio.sleep(_GAUGE_SECONDS * 5)

    def status(self) -> Status:
        """One moment, for the page."""
        worker = self._worker
        snapshot, stats, outbox = worker.store.current(), worker.pool.stats(), worker.outbox.state()
        return Status(
            now=time.time(),
            started_at=self._started,
            version=gateway.__version__,
            node=self._node,
            worker=worker.arguments.index,
            policy_version=snapshot.policy.version,
            policy_loaded_at=snapshot.loaded_at.timestamp(),
            policy_stale="policy" in worker.store.problems,
            policy_detail=worker.store.problems.get("policy", ""),
            counters=worker.decisions.counters,
            scanner=ScannerStatus(
                alive=stats.workers_alive,
                wanted=worker.settings.dlp.workers,
                queue=stats.queued,
                restarts=stats.restarts,
            ),
            canary_ok=self.canary.ok if self.canary else None,
            canary_at=self.canary_at,
            sinks=self._sinks(),
            outbox_pending=outbox.pending,
            outbox_lost=outbox.lost,
            certificates=self._certificates,
            builds={name: metadata.version(name) for name in _BUILDS},
            decisions=tuple(_row(event) for event in worker.decisions.rows),
        )

    def _sinks(self) -> tuple[SinkStatus, ...]:
        sink = self._worker.sink
        if sink is None:
            return ()
        state = sink.state()
        return (
            SinkStatus(
                name=state.name, state=state.status.value, lag=state.lag, delivered=state.delivered, reason=state.reason
            ),
        )

    def _read_certificates(self) -> list[CertificateStatus]:
        settings, now = self._worker.settings, time.time()
        found = []
        for name, path in (("listen", settings.listen.certificate), ("canary", settings.canary.certificate)):
            try:
                leaf = x509.load_pem_x509_certificate(Path(path).read_bytes())
            except (OSError, ValueError):
                found.append(CertificateStatus(name=name, expires_at=0.0, ok=False, detail="cannot be read"))
                continue
            expires = leaf.not_valid_after_utc.timestamp()
            found.append(
                CertificateStatus(name=name, expires_at=expires, ok=expires > now, detail=_until(expires, now))
            )
        revocations = self._worker.store.current().revocations
        if revocations:
            expires = min(each.next_update for each in revocations).timestamp()
            detail = _until(expires, now)
            found.append(CertificateStatus(name="client_crl", expires_at=expires, ok=expires > now, detail=detail))
        return found


def _until(expires: float, now: float) -> str:
    days = (expires - now) / 86_400
    return f"valid for {days:.1f} more days" if days > 0 else "out of date: every client is refused"


def _row(event: Mapping[str, Any]) -> DecisionRow:
    return DecisionRow(
        time=event["timestamp"],
        request_id=event["request_id"],
        agent=event["agent_id"],
        dialect=event["dialect"],
        model=event["model"],
        level=event["level"],
        rule=event["rule"],
        upstream=event["llm_endpoint"],
        verdict=event["verdict"],
        milliseconds=event["timings_ms"]["total"],
        status=event["status"],
        code=event["refusal_code"],
    )
