"""`llmgw check` as a user and a build see it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from gateway.init import init
from tests.support.cli import llmgw


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A fresh working folder."""
    init(tmp_path / "gw")
    return tmp_path / "gw"


def damage(folder: Path) -> int:
    """Misspell a key of the rules; returns its line."""
    rules = folder / "rules.yaml"
    lines = rules.read_text().splitlines(keepends=True)
    number = next(at for at, line in enumerate(lines) if line.strip().startswith("profile: none"))
    lines[number] = lines[number].replace("profile:", "profiel:")
    rules.write_text("".join(lines))
    return number + 1


def test_a_fresh_folder_is_fine(folder: Path) -> None:
    done = llmgw("check", "-c", folder / "gateway.yaml")
    assert (done.code, done.err) == (0, "")
    assert re.search(r"fine\. Policy [0-9a-f]{6,}: 4 rules, 4 upstreams; 1 agent\(s\)\.", done.out)
    as_json = llmgw("check", "-c", folder / "gateway.yaml", "--format", "json")
    assert as_json.code == 0
    assert json.loads(as_json.out) == {"diagnostics": []}


def test_a_fault_has_file_line_column_and_fix(folder: Path) -> None:
    line = damage(folder)
    done = llmgw("check", "-c", folder / "gateway.yaml")
    assert done.code == 2
    assert re.search(rf"^{re.escape(str(folder / 'rules.yaml'))}:{line}:\d+: ", done.out, re.MULTILINE)
    assert "profile" in done.out
    assert "Traceback" not in done.both


def test_json_and_sarif_are_machine_readable(folder: Path) -> None:
    line = damage(folder)
    as_json = llmgw("check", "-c", folder / "gateway.yaml", "--format", "json")
    assert as_json.code == 2
    assert str(line) in as_json.out and json.loads(as_json.out)
    as_sarif = llmgw("check", "-c", folder / "gateway.yaml", "--format", "sarif")
    assert as_sarif.code == 2
    log = json.loads(as_sarif.out)
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    regions = [each["locations"][0]["physicalLocation"]["region"] for each in run["results"]]
    assert line in [region["startLine"] for region in regions]
    known = {rule["id"] for rule in run["tool"]["driver"].get("rules", ())}
    assert all(each["message"]["text"] and (not known or each["ruleId"] in known) for each in run["results"])


@pytest.mark.parametrize("content", ["", "a: [", "\t- x", "&a 1", "- just\n- a list", "version: 1\nversion: 1"])
def test_whatever_stands_in_the_file_is_answered(folder: Path, content: str) -> None:
    (folder / "rules.yaml").write_text(content)
    done = llmgw("check", "-c", folder / "gateway.yaml")
    assert done.code == 2
    assert re.search(r"rules\.yaml:\d+:\d+: \S", done.out)
    assert "Traceback" not in done.both
