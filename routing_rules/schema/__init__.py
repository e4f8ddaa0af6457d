"""JSON Schemas of the documents, for editors. `python -m routing_rules.schema` writes them anew."""

from __future__ import annotations

import json

from gateway.document_model import Document
from gateway.registry import AgentsDocument
from gateway.settings import Settings
from routing_rules.model import RulesDocument

_DOCUMENTS: tuple[tuple[str, type[Document]], ...] = (
    ("rules", RulesDocument),
    ("gateway", Settings),
    ("agents", AgentsDocument),
)


def schemas() -> dict[str, str]:
    """File name to the text of each schema."""
    return {f"{name}.schema.json": _schema(name, model) for name, model in _DOCUMENTS}


def _schema(name: str, model: type[Document]) -> str:
    body = {"$schema": "https://json-schema.org/draft/2020-12/schema", **model.model_json_schema()}
    body["title"] = f"{name}.yaml"
    return json.dumps(body, indent=1, ensure_ascii=False) + "\n"
