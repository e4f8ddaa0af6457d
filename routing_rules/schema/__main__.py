"""Writes the JSON Schemas beside this file."""

from __future__ import annotations

from pathlib import Path

from routing_rules.schema import schemas


def main() -> None:
    """Write every schema."""
    for name, text in schemas().items():
        (Path(__file__).parent / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
