from __future__ import annotations

from pathlib import Path

import pytest

from gateway.check import check_all
from gateway.errors import ConfigurationError
from gateway.init import init
from gateway.model import Level
from routing_rules.templates import folder_texts


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("init") / "work"
    init(directory, "corp.example")
    return directory


def test_a_new_folder_passes_the_check(folder: Path) -> None:
    checked = check_all(folder / "gateway.yaml")
    assert [str(each) for each in checked.diagnostics] == []
    assert checked.usable
    assert checked.registry is not None
    assert set(checked.registry.by_spiffe_id) == {
        "spiffe://corp.example/agent/demo",
        "spiffe://corp.example/llmgw/canary",
    }
    assert checked.registry.by_spiffe_id["spiffe://corp.example/agent/demo"].clearance is Level.RESTRICTED
    assert checked.policy is not None
    assert {each.host for each in checked.policy.upstreams.values()} == {"127.0.0.1"}
    assert (folder / "pki" / "agents" / "demo.crt").is_file()


def test_keys_are_for_the_owner_alone(folder: Path) -> None:
    assert (folder / "secrets" / "gateway.keys").stat().st_mode & 0o777 == 0o600
    assert (folder / "secrets").stat().st_mode & 0o777 == 0o700


def test_nothing_is_overwritten(folder: Path, tmp_path: Path) -> None:
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    done = init(folder)
    assert done.written == []
    assert {path.name for path in done.kept} >= {"gateway.yaml", "rules.yaml", "agents.yaml", "gateway.keys", "pki"}
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_a_file_of_ones_own_and_a_link_stay(tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text("mine")
    (tmp_path / "elsewhere").write_text("untouched")
    (tmp_path / "agents.yaml").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "pki").mkdir()
    done = init(tmp_path)
    assert (tmp_path / "rules.yaml").read_text() == "mine"
    assert (tmp_path / "elsewhere").read_text() == "untouched"
    assert tmp_path / "gateway.yaml" in done.written


@pytest.mark.parametrize("domain", ["", "Corp", "a/b", "a b", "a:1", "x" * 256])
def test_a_trust_domain_that_cannot_be(tmp_path: Path, domain: str) -> None:
    with pytest.raises(ConfigurationError, match="trust domain"):
        init(tmp_path / "never", domain)
    assert not (tmp_path / "never").exists()


def test_a_folder_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match="choose another folder"):
        init(tmp_path / "file")


def test_texts_name_the_trust_domain() -> None:
    texts = folder_texts("acme.example")
    assert "spiffe://acme.example/agent/demo" in texts["agents.yaml"]
    assert "trust_domain: acme.example" in texts["gateway.yaml"]
    assert not any("${" in text for name, text in texts.items() if name.endswith(".yaml"))
