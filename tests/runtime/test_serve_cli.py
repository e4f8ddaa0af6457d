"""`llmgw serve` with something wrong: exit code 2, a sentence that helps, no traceback, nobody left behind."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
import yaml

from gateway.init import init
from tests.support.cli import Done, llmgw

pytestmark = pytest.mark.runtime


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A fresh working folder, on free ports."""
    init(tmp_path / "gw")
    edit(tmp_path / "gw", listen={"port": 0}, admin={"port": 0})
    return tmp_path / "gw"


def edit(folder: Path, **changes: dict[str, object]) -> None:
    """Change sections of the settings."""
    file = folder / "gateway.yaml"
    document = yaml.safe_load(file.read_text())
    for section, values in changes.items():
        document[section] = {**(document.get(section) or {}), **values}
    file.write_text(yaml.safe_dump(document, sort_keys=False))


def refused(done: Done, *told: str) -> None:
    """It ended as wrong configuration, and says so."""
    assert done.code == 2, done.both[-2000:]
    assert "Traceback" not in done.both
    for words in told:
        assert words in done.err, (words, done.err[-2000:])


def test_a_port_that_is_taken(folder: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        edit(folder, listen={"host": "127.0.0.1", "port": port})
        refused(
            llmgw("serve", "-c", folder / "gateway.yaml"),
            f"cannot use 127.0.0.1 port {port} (Address already in use)",
            "Stop what uses it, or change listen.port",
        )


def test_an_address_of_another_machine(folder: Path) -> None:
    edit(folder, listen={"host": "192.0.2.1"})
    refused(llmgw("serve", "-c", folder / "gateway.yaml"), "cannot use 192.0.2.1")


@pytest.mark.parametrize("text", ["listen: [", "listen:\n\tport: 1\n", "", "- a", "&a x: 1\ny: *a\n"])
def test_broken_settings(folder: Path, text: str) -> None:
    (folder / "gateway.yaml").write_text(text)
    refused(llmgw("serve", "-c", folder / "gateway.yaml"), f"{folder / 'gateway.yaml'}:")


@pytest.mark.parametrize("name", ["rules.yaml", "agents.yaml"])
def test_a_broken_document(folder: Path, name: str) -> None:
    file = folder / name
    file.write_text(file.read_text() + "\nsurplus: 1\n")
    refused(llmgw("serve", "-c", folder / "gateway.yaml"), f"{file}:", "surplus")


@pytest.mark.parametrize("name", ["rules.yaml", "secrets/gateway.keys"])
def test_a_file_that_is_gone(folder: Path, name: str) -> None:
    (folder / name).unlink()
    refused(llmgw("serve", "-c", folder / "gateway.yaml"), Path(name).name, "does not exist")


@pytest.mark.parametrize("variable", ["SSLKEYLOGFILE", "MITMPROXY_SSLKEYLOGFILE"])
def test_session_keys_are_not_logged(folder: Path, tmp_path: Path, variable: str) -> None:
    keys = tmp_path / "keys.log"
    refused(llmgw("serve", "-c", folder / "gateway.yaml", environment={variable: str(keys)}), variable)
    # Python's ssl opens the file for any context that it makes, with a comment and no key.
    assert not keys.exists() or all(line.startswith("#") for line in keys.read_text().splitlines())
