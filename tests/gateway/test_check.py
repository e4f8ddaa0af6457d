from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.check import Checked, check_all, render
from gateway.diagnostics import Diagnostic
from gateway.init import init


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    directory = tmp_path_factory.mktemp("check")
    init(directory)
    return {str(path.relative_to(directory)): path.read_text() for path in directory.rglob("*") if path.is_file()}


type Make = Callable[..., Checked]


@pytest.fixture
def check(template: dict[str, str], tmp_path: Path) -> Make:
    """Check a working folder in which texts were replaced: file, old, new."""

    def make(*changes: tuple[str, str, str]) -> Checked:
        texts = dict(template)
        for name, old, new in changes:
            assert old in texts[name]
            texts[name] = texts[name].replace(old, new)
        for name, text in texts.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text)
            (tmp_path / name).chmod(0o600)
        return check_all(tmp_path / "gateway.yaml")

    return make


def said(checked: Checked) -> list[tuple[str, str]]:
    assert not checked.usable
    return [(Path(each.file).name, each.code) for each in checked.diagnostics]


def test_faults_of_every_file_come_in_one_run(check: Make) -> None:
    checked = check(
        ("rules.yaml", "route: [on-prem]", "route: [onprem]"),
        ("agents.yaml", "tenant: default", "tennant: default"),
        ("secrets/gateway.keys", "version: 1", "version: 2"),
    )
    assert said(checked) == [
        ("agents.yaml", "missing-key"),
        ("agents.yaml", "unknown-key"),
        ("rules.yaml", "unknown-upstream"),
        ("gateway.keys", "choice"),
    ]
    assert checked.settings is not None
    assert (checked.policy, checked.registry, checked.keys) == (None, None, None)


def test_rules_are_checked_while_the_settings_are_broken(check: Make) -> None:
    checked = check(("gateway.yaml", "port: 8443", "prot: 8443"), ("rules.yaml", "profile: none", "profile: nothing"))
    assert said(checked) == [("gateway.yaml", "unknown-key"), ("rules.yaml", "unknown-profile")]


def test_callers_that_the_registry_does_not_have(check: Make) -> None:
    when = "    when:\n      agent: [dmeo, demo]\n      tenant: [default]\n      user: [canary]\n      entities: {any"
    checked = check(("rules.yaml", "    when:\n      entities: {any", when))
    assert said(checked) == [("rules.yaml", "unknown-agent"), ("rules.yaml", "unknown-user")]
    assert "did you mean demo?" in checked.diagnostics[0].fix


def test_credentials_that_are_not_there(check: Make, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("LLMGW_TEST_KEY", raising=False)
    models = "    dialects: [anthropic.*]\n    models: {claude"
    change = ("rules.yaml", models, "    credential: {header: x-api-key, env: LLMGW_TEST_KEY}\n" + models)
    assert said(check(change)) == [("rules.yaml", "credential-missing")]
    monkeypatch.setenv("LLMGW_TEST_KEY", "x")
    assert check(change).usable
    change = ("rules.yaml", models, "    credential: {header: x-api-key, file: secrets/their.key}\n" + models)
    assert said(check(change)) == [("rules.yaml", "credential-missing")]
    (tmp_path / "secrets" / "their.key").write_text("x")
    assert check(change).usable


def test_certificates_that_cannot_be_used(check: Make, tmp_path: Path) -> None:
    checked = check(
        ("gateway.yaml", "certificate: pki/gateway.crt", "certificate: pki/canary.crt"),
        ("pki/clients-ca.crt", "CERTIFICATE", "SOMETHING"),
    )
    assert said(checked) == [("gateway.yaml", "bad-pair"), ("gateway.yaml", "bad-bundle")]
    assert [(each.line, each.column) for each in checked.diagnostics] == [(12, 16), (14, 14)]
    assert "key values mismatch" in checked.diagnostics[0].message
    base = "base_url: http://127.0.0.1:9102/v1"
    tls = "base_url: https://127.0.0.1:9102/v1\n    ca_file: gateway.yaml\n    client_certificate: pki/canary.crt"
    checked = check(("rules.yaml", base, tls + "\n    client_key: pki/gateway.key"))
    assert said(checked) == [("rules.yaml", "bad-bundle"), ("rules.yaml", "bad-pair")]


FOUND = (
    Diagnostic("/etc/llmgw/rules.yaml", 7, 13, "unknown upstream a", "use one of: b", "unknown-upstream"),
    Diagnostic("my rules.yaml", 1, 1, "the file is empty", "write the document", "empty"),
)


def test_text_is_a_line_each() -> None:
    assert render(FOUND, "text").splitlines() == [
        "/etc/llmgw/rules.yaml:7:13: unknown upstream a; fix: use one of: b [unknown-upstream]",
        "my rules.yaml:1:1: the file is empty; fix: write the document [empty]",
    ]
    assert render((), "text") == ""


def test_json() -> None:
    assert json.loads(render(FOUND, "json"))["diagnostics"][0] == {
        "file": "/etc/llmgw/rules.yaml", "line": 7, "column": 13, "code": "unknown-upstream",
        "message": "unknown upstream a", "fix": "use one of: b",
    }  # fmt: skip
    assert json.loads(render((), "json")) == {"diagnostics": []}


def test_sarif() -> None:
    log = json.loads(render(FOUND, "sarif"))
    assert (log["version"], len(log["runs"])) == ("2.1.0", 1)
    run = log["runs"][0]
    assert [each["id"] for each in run["tool"]["driver"]["rules"]] == ["empty", "unknown-upstream"]
    first, second = run["results"]
    assert (first["ruleId"], first["ruleIndex"], first["level"]) == ("unknown-upstream", 1, "error")
    place = first["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "file:///etc/llmgw/rules.yaml"
    assert place["region"] == {"startLine": 7, "startColumn": 13}
    assert second["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "my%20rules.yaml"
    assert json.loads(render((), "sarif"))["runs"][0]["results"] == []
