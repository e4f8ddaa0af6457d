"""What the pages on own data show is what the product takes."""

from __future__ import annotations

import json
import re
from pathlib import Path

import yaml

from dlp_recognizers.own.bundle import compile_own
from dlp_recognizers.own.checksums import CHECKSUMS
from dlp_recognizers.own.sources import DocumentSource, ListSource, OwnSources
from gateway.entities import EntityGroup, group_of
from gateway.settings import Dlp, Fingerprints
from tests.support.cli import llmgw

DOCS = Path(__file__).resolve().parents[2] / "docs"


def blocks(page: str, language: str = "") -> list[str]:
    found = re.findall(r"^```(\w*)\n(.*?)^```$", (DOCS / page).read_text(), re.MULTILINE | re.DOTALL)
    return [text for tongue, text in found if tongue == language]


def test_the_recognizers_of_the_page_load_and_pass_their_own_tests() -> None:
    (example,) = blocks("custom-recognizers.md", "yaml")
    own = compile_own(OwnSources(documents=(DocumentSource("example.yaml", example),)))
    assert [each.name for each in own.recognizers] == ["own:badge", "own:build-token", "own:mergers"]
    assert {name: group_of(name) for name in own.levels} == {
        "PERSONAL_BADGE": EntityGroup.PERSONAL,
        "SECRET_BUILD_TOKEN": EntityGroup.SECRET,
        "CODE_NAME": EntityGroup.ORGANISATION,
    }


def test_every_checksum_is_named() -> None:
    text = (DOCS / "custom-recognizers.md").read_text()
    assert [name for name in CHECKSUMS if f"`{name}`" not in text] == []


def test_the_settings_and_the_list_of_the_page_load() -> None:
    (settings,) = blocks("own-data.md", "yaml")
    dlp = Dlp.model_validate_json(json.dumps(yaml.safe_load(settings)["dlp"]))
    usual = Fingerprints.model_fields
    (prints,) = dlp.fingerprints
    assert (prints.passage, prints.share) == (usual["passage"].default, usual["share"].default)
    terms = next(block for block in blocks("own-data.md") if block.startswith("# mergers"))
    own = compile_own(OwnSources(lists=(ListSource("names.txt", terms, "CODE_NAME", ""),)))
    assert own.lists[0].terms == ("Blue Heron", "Nightjar")


def test_the_commands_of_the_page_run(tmp_path: Path) -> None:
    assert llmgw("init", tmp_path).code == 0
    for folder in ("own", "contracts", "templates"):
        (tmp_path / folder).mkdir()
    (tmp_path / "crm.csv").write_text("email;customer_no;first;last\njane.doe@corp.example;KD-2024-88123;Jane;Doe\n")
    (tmp_path / "contracts" / "one.md").write_text((DOCS / "policy.md").read_text())
    commands = [block.split() for block in blocks("own-data.md") if block.startswith("llmgw ")]
    assert [command[1:3] for command in commands] == [["match", "build"], ["fingerprint", "build"]]
    for command in commands:
        paths = {"gateway.yaml", "crm.csv", "contracts", "templates", "own/crm.match", "own/contracts.prints"}
        done = llmgw(*(str(tmp_path / word) if word in paths else word for word in command[1:]))
        assert done.code == 0, done.both
    assert sorted(path.name for path in (tmp_path / "own").iterdir()) == ["contracts.prints", "crm.match"]
