"""Metrics after a bit of everything, for tests of what reads them."""

from __future__ import annotations

from gateway.evidence.metrics import Metrics, RequestFacts


def used() -> Metrics:
    """Metrics in which every series has a value."""
    metrics = Metrics()
    use(metrics)
    return metrics


def use(metrics: Metrics) -> None:
    """Let everything happen once more."""
    metrics.policy("p1", ["third-party"], 1.0)
    metrics.policy_broken()
    metrics.request(
        RequestFacts(
            dialect="openai.chat",
            outcome="answered",
            level="public",
            tier="third_party",
            upstream="third-party",
            seconds=0.2,
            scan_seconds=0.004,
            first_byte_seconds=0.15,
            findings={"EMAIL_ADDRESS": 2},
            new_bytes=100,
            cached_bytes=900,
            restored=3,
        )
    )
    metrics.request(RequestFacts(dialect="openai.chat", outcome="refused", refusal_code="llmgw_denied"))
    metrics.connection_opened()
    metrics.hook_failure("request")
    metrics.barrier_refusal("permit")
    metrics.tls_failure("expired")
    metrics.bypassed()
    metrics.outbox_lost()
    metrics.canary(ok=False)
    metrics.sink("redis", up=True)
    metrics.sink_delivered("redis", 5)
    metrics.sink_rewound("redis")
    metrics.outbox(pending=4, retained=2)
    metrics.crl(2.0, stale=True)
    metrics.certificate("listen", 3.0)
    metrics.scanner(workers=2, queue=1)
    metrics.scanner_restarted()
    metrics.worker_restarts(1)
    metrics.build("0.1.0", "3.13")
