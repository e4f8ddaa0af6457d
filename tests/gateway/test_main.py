"""The command line itself: what a newcomer reads, and how mistakes are answered."""

from __future__ import annotations

from pathlib import Path

import pytest

import gateway
import gateway.__main__
from tests.support.cli import llmgw

COMMANDS = ("init", "serve", "check", "explain", "doctor")


def test_help_lists_the_commands_with_a_line_each() -> None:
    done = llmgw("--help")
    assert done.code == 0 and not done.err
    lines = done.out.splitlines()
    for command in COMMANDS:
        told = [line for line in lines if line.strip(" │").startswith(f"{command} ")]
        assert len(told) == 1, command
        assert len(told[0].strip(" │").split()) >= 4, command
    assert "Exit codes: 0 fine, 1 a finding or a refusal in a check, 2 wrong usage or configuration" in done.out


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_an_example(command: str) -> None:
    done = llmgw(command, "--help")
    assert done.code == 0
    assert f"Example: {'llmgw ' + command if command != 'explain' else 'echo'}" in done.out
    assert "Usage:" in done.out


def test_version_and_no_arguments() -> None:
    assert llmgw("--version").out == f"llmgw {gateway.__version__}\n"
    bare = llmgw()
    assert bare.code == 2
    assert "Usage:" in bare.both


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("serv",), "serve"),
        (("serve",), "--config"),
        (("serve", "-c", "x", "--workers", "0"), "--workers"),
        (("serve", "-c", "x", "--wrokers", "2"), "--workers"),
        (("check", "-c", "x", "--format", "xml"), "sarif"),
        (("init",), "DIR"),
    ],
)
def test_wrong_usage_is_said_on_stderr(arguments: tuple[str, ...], told: str) -> None:
    done = llmgw(*arguments)
    assert done.code == 2
    assert told in done.err
    assert "Traceback" not in done.both


@pytest.mark.parametrize("command", ["serve", "check", "explain", "doctor"])
def test_a_missing_file_is_said_in_one_line(command: str, tmp_path: Path) -> None:
    missing = tmp_path / "nowhere.yaml"
    done = llmgw(command, "-c", missing, given=b"hello")
    assert done.code == 2
    assert f"{missing}:1:1: the file does not exist" in done.both
    assert "create it, or correct the path" in done.both
    assert "Traceback" not in done.both


@pytest.mark.parametrize("command", ["serve", "explain", "doctor"])
def test_a_broken_file_is_said_with_its_place_and_the_fix(command: str, folder: Path) -> None:
    config = folder / "gateway.yaml"
    config.write_text(config.read_text().replace("listen:", "listne:"))
    done = llmgw(command, "-c", config, given=b"hello")
    assert done.code == 2
    assert f"{config}:" in done.err and "listen" in done.err
    assert "Traceback" not in done.both


def test_init_overwrites_nothing(tmp_path: Path) -> None:
    place = tmp_path / "gw"
    first = llmgw("init", place)
    assert first.code == 0 and "wrote" in first.out and "kept" not in first.out
    before = {file: file.read_bytes() for file in place.rglob("*") if file.is_file()}
    rules = place / "rules.yaml"
    rules.write_text("# mine\n")
    before[rules] = rules.read_bytes()
    second = llmgw("init", place)
    assert second.code == 0 and "wrote" not in second.out
    assert {file: file.read_bytes() for file in place.rglob("*") if file.is_file()} == before
    assert f"kept  {rules} (was there)" in second.out


def test_init_says_what_it_cannot_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for arguments in ((tmp_path / "file",), (tmp_path / "gw", "--trust-domain", "Corp Example")):
        done = llmgw("init", *arguments)
        assert done.code == 2
        assert done.err.strip() and "Traceback" not in done.both


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A fresh working folder."""
    from gateway.init import init

    init(tmp_path / "gw")
    return tmp_path / "gw"


def test_an_error_that_nobody_expected_says_nothing_of_its_own(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken() -> None:
        raise ValueError("what was read")

    monkeypatch.setattr(gateway.__main__, "app", broken)
    with pytest.raises(SystemExit) as ended:
        gateway.__main__.main()
    told = capsys.readouterr().err
    assert ended.value.code == 2
    assert told.startswith("llmgw: internal error (ValueError at ") and "what was read" not in told
