"""Texts that `llmgw init` writes."""

from __future__ import annotations

import re
from importlib.resources import files
from string import Template


def rules_text() -> str:
    """The shipped rules, with stand-in upstreams in the place of the shipped ones."""
    shipped = (files("routing_rules") / "shipped" / "rules.yaml").read_text(encoding="utf-8")
    upstreams = (files(__name__) / "upstreams.yaml").read_text(encoding="utf-8")
    with_upstreams = re.sub(
        r"^upstreams:\n.*?(?=^rules:\n)", lambda _: upstreams, shipped, flags=re.DOTALL | re.MULTILINE
    )
    return with_upstreams.replace("$schema=../schema/", "$schema=schema/")


def folder_texts(trust_domain: str) -> dict[str, str]:
    """Every text of a working folder, by its path in it."""
    here = files(__name__)
    texts = {
        name: Template((here / name).read_text(encoding="utf-8")).safe_substitute(trust_domain=trust_domain)
        for name in ("gateway.yaml", "agents.yaml")
    }
    texts["rules.yaml"] = rules_text()
    texts[".gitignore"] = (here / "gitignore").read_text(encoding="utf-8")
    for name in ("gateway", "agents", "rules"):
        schema = files("routing_rules") / "schema" / f"{name}.schema.json"
        texts[f"schema/{name}.schema.json"] = schema.read_text(encoding="utf-8")
    return texts
