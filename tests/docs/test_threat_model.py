"""The threat model names tests: each of them exists."""

from __future__ import annotations

import re
from pathlib import Path


def test_what_is_shown_by_a_test_has_that_test(repository: Path) -> None:
    text = (repository / "docs" / "threat-model.md").read_text("utf-8")
    rows = [line for line in text.partition("## Threats")[2].partition("## Limits")[0].splitlines() if "| `" in line]
    assert len(rows) > 30
    named = {name for row in rows for name in re.findall(r"`([\w/.]+)`", row.rstrip(" |").rpartition(" | ")[2])}
    missing = sorted(name for name in named if not (repository / "tests" / name).is_file())
    assert missing == []
    # Every test of who may be whom is named.
    assert {"addons/test_tls_context.py", "gateway/test_identity.py", "gateway/test_oauth.py"} <= named


def test_its_links_lead_somewhere(repository: Path) -> None:
    docs = repository / "docs"
    text = (docs / "threat-model.md").read_text("utf-8")
    for target, _, anchor in (link.partition("#") for link in re.findall(r"\]\(([^)]+)\)", text)):
        page = docs / target if target else docs / "threat-model.md"
        assert page.is_file(), target
        if anchor:
            headings = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
