"""Writes the table of docs/dialects.md: `python -m tests.docs.dialects_table`."""

from __future__ import annotations

from pathlib import Path

from gateway.dialects import DIALECTS
from gateway.dialects.every import MOUNTS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "dialects.md"
BEGIN, END = "<!-- table -->\n", "<!-- end of table -->\n"


def table() -> str:
    """One section for each family, one line for each dialect."""
    out: list[str] = []
    for family, mounts in MOUNTS.items():
        rows = [each for each in DIALECTS if each.family == family]
        if not rows:
            continue
        also = ", ".join(f"`{mount}`" for mount in mounts if mount)
        out += [f"### {family}\n", f"Also under {also}.\n" if also else "", "| dialect | path |", "|---|---|"]
        out += [f"| `{each.name}` | `{each.method} {each.path}` |" for each in rows]
        out.append("")
    return "\n".join(line for line in out if line is not None) + "\n"


def page(text: str) -> str:
    """`text` with a fresh table."""
    head, _, rest = text.partition(BEGIN)
    return head + BEGIN + "\n" + table() + END + rest.partition(END)[2]


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text()))
