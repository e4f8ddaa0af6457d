"""Tables for people, JSON for programs, and each aim beside what was measured."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from benchmarks.report import machine
from gateway.eval_cli import Measured, table_of_innocent, table_of_scores
from gateway.evaluation.innocent import FalseFindings
from gateway.evaluation.score import EntityScore, overall
from gateway.evaluation.words import PLACE

if TYPE_CHECKING:
    from benchmarks.detection.run import Figures


@dataclass(frozen=True, slots=True)
class Aim:
    """What was asked for and what was measured; `met` is None where it was not measured."""

    what: str
    wanted: str
    measured: str
    met: bool | None

    @classmethod
    def at_least(cls, what: str, wanted: float, value: float | None, *, digits: int = 3) -> Aim:
        """An aim for a figure that should be high."""
        return cls(what, f">= {wanted:g}", _said(value, digits), None if value is None else value >= wanted)

    @classmethod
    def at_most(cls, what: str, wanted: float, value: float | None, *, digits: int = 2, unit: str = "") -> Aim:
        """An aim for a figure that should be low."""
        said = _said(value, digits) + (unit if value is not None else "")
        return cls(what, f"<= {wanted:g}{unit}", said, None if value is None else value <= wanted)


def _said(value: float | None, digits: int) -> str:
    return "not measured" if value is None else f"{value:,.{digits}f}"


def rate(rows: Iterable[FalseFindings]) -> float | None:
    """Findings for each 1,000 lines over some rows."""
    rows = list(rows)
    lines = sum(row.lines for row in rows)
    return sum(row.found for row in rows) * 1000 / lines if lines else None


def show(figures: Figures, aims: Sequence[Aim], console: Console) -> None:
    """Print everything."""
    console.print("Generated values in many places")
    console.print(table_of_scores([_with_sums(each) for each in figures.generated]))
    console.print(_carriers(figures.carriers))
    if figures.named:
        console.print("Persons, organisations, places: the test split of the embedded model's own sentences")
        console.print(table_of_scores(figures.named))
    console.print(table_of_innocent(figures.innocent))
    if figures.evasions:
        console.print(_evasions(figures.evasions))
    for note in figures.notes:
        console.print(note)
    console.print(table_of_aims(aims))


def _with_sums(measured: Measured) -> Measured:
    names = [name for name in measured.scores if name != PLACE]
    total = overall(measured.scores, "~ all of them", names)
    return Measured(measured.name, {**measured.scores, total.entity: total})


def _carriers(rows: dict[str, EntityScore]) -> Table:
    table = Table(title="llmgw, by the place where a value stands", title_justify="left")
    for name in ("place", "labels", "recall", "in full"):
        table.add_column(name, justify="left" if name == "place" else "right")
    for name, row in rows.items():
        shares = (row.spans.recall, row.covered / row.labelled if row.labelled else None)
        table.add_row(name, str(row.labelled), *(_said(value, 3) for value in shares))
    return table


def _evasions(rows: dict[str, dict[str, int]]) -> Table:
    table = Table(
        title="Values that are hidden in writing: the ways of which some variant passed", title_justify="left"
    )
    for name in ("way of hiding", "variants", "found", "level raised", "in clear"):
        table.add_column(name, justify="left" if name == "way of hiding" else "right")
    for name, row in rows.items():
        if row["passed"]:
            table.add_row(name, str(sum(row.values())), *(str(row[each]) for each in ("found", "raised", "passed")))
    columns = [sum(row[each] for row in rows.values()) for each in ("found", "raised", "passed")]
    table.add_section()
    table.add_row(f"all {len(rows)} ways", *map(str, (sum(columns), *columns)))
    return table


def table_of_aims(aims: Sequence[Aim]) -> Table:
    """Target, measured, and whether it is reached."""
    table = Table(title="Targets", title_justify="left")
    for name in ("what", "target", "measured", ""):
        table.add_column(name)
    for aim in aims:
        table.add_row(aim.what, aim.wanted, aim.measured, {True: "ok", False: "missed", None: ""}[aim.met])
    return table


def write(path: Path, figures: Figures, aims: Sequence[Aim]) -> None:
    """The same as JSON, with what it was measured on."""
    document = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        **machine(),
        "generated": {each.name: each.as_json() for each in figures.generated},
        "by_place": {name: row.as_json() for name, row in figures.carriers.items()},
        "names": {each.name: each.as_json() for each in figures.named},
        "false_findings": {each.name: [row.as_json() for row in each.innocent] for each in figures.innocent},
        "evasions": figures.evasions,
        "notes": figures.notes,
        "aims": [asdict(aim) for aim in aims],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=1) + "\n")
