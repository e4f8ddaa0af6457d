from __future__ import annotations

import json
from pathlib import Path

import pytest

from gateway.diagnostics import DocumentError
from gateway.model import AgentState, Level
from gateway.registry import load_registry, parse_registry

ONE = """\
version: 1
agents:
  - id: demo
    spiffe_id: spiffe://corp.example/agent/demo
    user: ana@corp.example
    tenant: research
    clearance: confidential
  - id: old
    spiffe_id: spiffe://corp.example/agent/old
    user: ana
    tenant: research
    clearance: public
    state: revoked
    minimum_level: internal
    version: "1.2"
    runtime_hash: "sha256:00"
    oauth_client_id: old-client
"""


def faults(text: str) -> list[tuple[int, int, str]]:
    with pytest.raises(DocumentError) as caught:
        parse_registry(text, "agents.yaml", "corp.example")
    assert all(each.fix for each in caught.value.diagnostics)
    return [(each.line, each.column, each.code) for each in caught.value.diagnostics]


def test_records(tmp_path: Path) -> None:
    (tmp_path / "agents.yaml").write_text(ONE)
    registry = load_registry(tmp_path / "agents.yaml", "corp.example")
    demo = registry.by_spiffe_id["spiffe://corp.example/agent/demo"]
    assert (demo.agent_id, demo.user, demo.tenant) == ("demo", "ana@corp.example", "research")
    assert (demo.clearance, demo.state, demo.minimum_level) == (Level.CONFIDENTIAL, AgentState.ACTIVE, Level.PUBLIC)
    old = registry.by_id("old")
    assert old is not None
    assert (old.state, old.minimum_level, old.version) == (AgentState.REVOKED, Level.INTERNAL, "1.2")
    assert registry.by_id("nobody") is None
    assert registry.version == load_registry(tmp_path / "agents.yaml", "corp.example").version
    assert registry.version != parse_registry(ONE + "# changed\n", "agents.yaml", "corp.example").version


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("agent/old", "agent/demo", [(9, 16, "duplicate")]),
        ("- id: old", "- id: demo", [(8, 9, "duplicate")]),
        ("spiffe://corp.example/agent/old", "spiffe://other.example/agent/old", [(9, 16, "spiffe-id")]),
        ("clearance: public", "clearance: secret", [(12, 16, "choice")]),
        ("state: revoked", "state: gone", [(13, 12, "choice")]),
        ("state: revoked", "status: revoked", [(13, 5, "unknown-key")]),
        ("    clearance: public\n", "", [(8, 5, "missing-key")]),
        ("tenant: research\n    clearance: public", "tenant: a b\n    clearance: public", [(11, 13, "bad-value")]),
        ("tenant: research\n    clearance: public", "tenant: no\n    clearance: public", [(11, 13, "ambiguous")]),
        ('version: "1.2"', "version: 1.2", [(15, 14, "wrong-type")]),
        (ONE, "version: 1\nagents: []\n", [(2, 9, "empty-list")]),
    ],
)  # fmt: skip
def test_refused(old: str, new: str, expected: list[tuple[int, int, str]]) -> None:
    assert ONE.count(old) == 1
    assert faults(ONE.replace(old, new)) == expected


@pytest.mark.parametrize(
    "spiffe_id",
    [
        "", "spiffe://", "spiffe://corp.example", "spiffe://corp.example/", "spiffe://corp.example/a/",
        "spiffe://corp.example//a",
        "spiffe://corp.example/a/../b", "spiffe://corp.example/./a", "spiffe://corp.example/a%20b",
        "spiffe://corp.example/a b",
        "spiffe://corp.example/a?x", "spiffe://corp.example/a#x", "spiffe://corp.example:443/a", "spiffe://me@corp.example/a",
        "SPIFFE://corp.example/a", "spiffe://Corp.example/a", "spiffe://corp.example.evil/a", "spiffe://evil.corp.example/a",
        "https://corp.example/a", "spiffe://corp.example/\u0430",
        "spiffe://corp.example/a\n", "spiffe://corp.example/" + "a" * 2048,
    ],
)  # fmt: skip
def test_not_an_identity_of_ours(spiffe_id: str) -> None:
    text = ONE.replace("spiffe://corp.example/agent/old", json.dumps(spiffe_id))
    assert faults(text) == [(9, 16, "spiffe-id")]
