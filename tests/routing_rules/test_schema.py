from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from gateway import dialects
from routing_rules.model import DIALECTS
from routing_rules.schema import schemas
from routing_rules.templates import folder_texts
from tests.routing_rules.contexts import SHIPPED

FOLDER = SHIPPED.parent.parent / "schema"


def test_committed_schemas_are_the_generated_ones() -> None:
    for name, text in schemas().items():
        assert (FOLDER / name).read_text() == text, "run: python -m routing_rules.schema"
    assert {path.name for path in FOLDER.glob("*.json")} == set(schemas())


@pytest.mark.parametrize("name", ["rules", "gateway", "agents"])
def test_what_init_writes_fits_its_schema(name: str) -> None:
    schema = json.loads(schemas()[f"{name}.schema.json"])
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(yaml.safe_load(folder_texts("corp.example")[f"{name}.yaml"]))


def test_shipped_rules_fit_their_schema() -> None:
    schema = json.loads(schemas()["rules.schema.json"])
    Draft202012Validator(schema).validate(yaml.safe_load(SHIPPED.read_text()))


def test_the_dialects_of_the_language_are_those_of_the_gateway() -> None:
    assert set(DIALECTS) == {dialect.name for dialect in dialects.DIALECTS}


def test_schemas_speak_of_no_machine() -> None:
    assert str(Path.home()) not in "".join(schemas().values())
