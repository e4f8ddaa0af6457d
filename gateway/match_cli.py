"""`llmgw match`: tables of record values for the exact data match."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Literal

import typer

from gateway.errors import ConfigurationError

if TYPE_CHECKING:
    from dlp_recognizers.own.match_build import BuildReport

type Level = Literal["public", "internal", "confidential", "restricted"]

match_app = typer.Typer(
    name="match",
    help="Tables of record values, so that the gateway knows a customer without knowing who it is.",
    no_args_is_help=True,
)
MOST_CELL = 1_000_000


@match_app.callback()
def root() -> None:
    """See the module."""


@match_app.command()
def build(  # noqa: PLR0917 - options, given by name
    file: Annotated[Path, typer.Argument(metavar="CSV", help="Records, with names in the first line; - for stdin.")],
    key_from: Annotated[Path, typer.Option(metavar="FILE", help="gateway.yaml, or the key file itself.")],
    columns: Annotated[
        str,
        typer.Option(
            metavar="LIST",
            help="Columns by comma; first+last counts side by side; name:KIND (email, number, words); name=ENTITY.",
        ),
    ],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE", help="Table to write.")],
    entity: Annotated[str, typer.Option(help="What a finding is called.")] = "CUSTOMER_RECORD",
    level: Annotated[Level | None, typer.Option(help="What it counts as at least.")] = None,
    delimiter: Annotated[str, typer.Option(help="What stands between cells; default: told from the first line.")] = "",
) -> None:
    """Build a table of keyed hashes from records. The table holds no value in clear; the CSV is not needed afterwards.

    Example: llmgw match build crm.csv --key-from gw/gateway.yaml --columns email,number,first+last -o gw/crm.match
    """
    from dlp_recognizers.own.match_build import Column, TableBuilder, TableName
    from dlp_recognizers.own.sources import PURPOSES
    from gateway.build_key import build_key
    from gateway.entities import ENTITY_GROUPS, OWN_DATA

    chosen = [Column.parse(text, entity) for text in columns.split(",") if text.strip()]
    if not chosen:
        raise ConfigurationError("--columns names no column")
    for column in chosen:
        if level is not None and column.entity in ENTITY_GROUPS and column.entity not in OWN_DATA:
            raise ConfigurationError(f"others find {column.entity} too: set its level in the policy, not with --level")
    key = build_key(key_from, PURPOSES["exact-match"])
    builder = TableBuilder(chosen, key.material)
    with _opened(file) as source:
        try:
            rows = _rows(source, delimiter)
            builder.add_all(next(rows, []), rows)
        except UnicodeDecodeError:
            raise ConfigurationError(f"{file}: not UTF-8; convert it first (iconv -f latin1 -t utf-8)") from None
        except csv.Error:
            raise ConfigurationError(f"{file}: not CSV: a quote is not closed, or a cell is too large") from None
    try:
        report = builder.write(output, TableName(output.stem[:64], key.id, key.material, level or ""))
    except OSError as error:
        raise ConfigurationError(f"{output}: cannot be written ({error.strerror})") from None
    _print(report, output)


@contextmanager
def _opened(file: Path) -> Iterator[IO[str]]:
    if str(file) == "-":
        yield sys.stdin
        return
    try:
        with file.open(encoding="utf-8-sig", newline="") as source:
            yield source
    except OSError as error:
        raise ConfigurationError(f"{file}: cannot be read ({error.strerror})") from None


def _rows(source: IO[str], delimiter: str) -> Iterator[list[str]]:
    """The rows, the names among them first; empty lines are no rows."""
    csv.field_size_limit(MOST_CELL)
    first = source.readline()
    if not delimiter:
        delimiter = max(",;\t|", key=first.count)
    elif delimiter == "\\t":
        delimiter = "\t"
    if len(delimiter) != 1:
        raise ConfigurationError("--delimiter is one character")
    yield next(csv.reader([first], delimiter=delimiter), [])
    yield from (row for row in csv.reader(source, delimiter=delimiter, strict=True) if row)


def _print(report: BuildReport, output: Path) -> None:
    typer.echo(f"{output}: {report.rows:,} rows, {report.bytes:,} bytes")
    for column, count in report.values.items():
        line = f"  {column} ({report.kinds[column]}): {count:,} values"
        skipped = report.skipped[column]
        if skipped:
            line += f"; {skipped:,} skipped, too short or one word, which proves nothing (combine columns: first+last)"
        typer.echo(line)
    typer.echo(f"Next: name it in gateway.yaml under dlp: exact_match: [{output.name}]")
