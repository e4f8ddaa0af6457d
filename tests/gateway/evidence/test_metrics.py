"""Metrics: closed label sets, clean output, one registry for each instance."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from gateway.evidence.labels import MOST_UPSTREAMS, MOST_WORDS
from gateway.evidence.metrics import Metrics, RequestFacts
from tests.support.used_metrics import used


def samples(metrics: Metrics, name: str) -> dict[tuple[tuple[str, str], ...], float]:
    return {
        tuple(sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(metrics.render().decode())
        for sample in family.samples
        if sample.name == name
    }


def value(metrics: Metrics, name: str, **labels: str) -> float:
    return samples(metrics, name)[tuple(sorted(labels.items()))]


def test_an_exchange_is_counted_in_every_place() -> None:
    metrics = used()
    assert (
        value(
            metrics,
            "llmgw_requests_total",
            dialect="openai.chat",
            outcome="answered",
            level="public",
            tier="third_party",
            upstream="third-party",
        )
        == 1
    )
    assert value(metrics, "llmgw_findings_total", entity="EMAIL_ADDRESS") == 2
    assert value(metrics, "llmgw_scan_bytes_total", source="new") == 100
    assert value(metrics, "llmgw_scan_bytes_total", source="cache") == 900
    assert value(metrics, "llmgw_refusals_total", code="llmgw_denied") == 1
    assert value(metrics, "llmgw_request_seconds_count") == 2
    assert value(metrics, "llmgw_scan_seconds_count") == 1
    assert value(metrics, "llmgw_upstream_first_byte_seconds_bucket", le="0.16") == 1
    assert value(metrics, "llmgw_placeholders_restored_total") == 3


def test_what_is_not_in_a_set_is_other() -> None:
    metrics = Metrics()
    metrics.policy("p1", ["known"], 1.0)
    for number in range(3000):
        made_up = f"made-up-{number}\n"
        metrics.request(
            RequestFacts(
                dialect=made_up,
                outcome=made_up,
                level=made_up,
                tier=made_up,
                upstream=made_up,
                findings={made_up: 1},
                refusal_code=made_up,
            )
        )
        metrics.tls_failure(made_up)
        metrics.certificate(made_up, 1.0)
        metrics.sink(made_up, up=True)
        metrics.hook_failure(made_up)
        metrics.barrier_refusal(made_up)
    assert b"made-up" not in metrics.render()
    assert samples(metrics, "llmgw_findings_total") == {(("entity", "other"),): 3000.0}
    assert len(metrics.render().splitlines()) < 250


def test_words_of_the_code_are_bounded_too() -> None:
    metrics = Metrics()
    for number in range(1000):
        metrics.hook_failure(f"hook_{number}")
        metrics.request(RequestFacts(dialect="openai.chat", outcome="refused", refusal_code=f"llmgw_{number}"))
        metrics.policy("p", [f"upstream-{number}"], 1.0)
        metrics.request(RequestFacts(dialect="openai.chat", outcome="answered", upstream=f"upstream-{number}"))
    assert len(samples(metrics, "llmgw_hook_failures_total")) <= MOST_WORDS
    assert len(samples(metrics, "llmgw_refusals_total")) <= MOST_WORDS
    assert len(samples(metrics, "llmgw_requests_total")) <= MOST_UPSTREAMS + 1


@given(st.text())
def test_no_label_value_raises(text: str) -> None:
    metrics = Metrics()
    metrics.hook_failure(text)
    metrics.request(RequestFacts(dialect=text, outcome=text, level=text, tier=text, upstream=text, refusal_code=text))
    metrics.render()


def test_a_new_policy_takes_the_place_of_the_old_and_ends_staleness() -> None:
    metrics = Metrics()
    metrics.policy("p1", [], 1.0)
    metrics.policy_broken()
    assert value(metrics, "llmgw_policy_stale") == 1
    metrics.policy("p2", [], 2.0)
    assert samples(metrics, "llmgw_policy_info") == {(("version", "p2"),): 1.0}
    assert value(metrics, "llmgw_policy_stale") == 0
    assert value(metrics, "llmgw_policy_reload_failures_total") == 1


def test_instances_share_nothing() -> None:
    one, other = Metrics(), Metrics()
    one.outbox_lost()
    assert value(one, "llmgw_outbox_lost_total") == 1
    assert value(other, "llmgw_outbox_lost_total") == 0


def test_every_metric_has_help_and_our_prefix() -> None:
    for family in text_string_to_metric_families(used().render().decode()):
        assert family.name.startswith("llmgw_")
        assert len(family.documentation) > 10, family.name


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
def test_promtool_finds_nothing() -> None:
    command = ["promtool", "check", "metrics"]
    done = subprocess.run(command, input=used().render(), capture_output=True, timeout=30, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, b"")
