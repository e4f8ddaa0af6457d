"""`llmgw fingerprint`: tables of document fingerprints."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from gateway.errors import ConfigurationError

type Level = Literal["public", "internal", "confidential", "restricted"]

fingerprint_app = typer.Typer(
    name="fingerprint",
    help="Tables of document fingerprints, so that the gateway knows a copy without having the document.",
    no_args_is_help=True,
)


@fingerprint_app.callback()
def root() -> None:
    """See the module."""


@fingerprint_app.command()
def build(  # noqa: PLR0917 - options, given by name
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of documents, read with all below it.")],
    key_from: Annotated[Path, typer.Option(metavar="FILE", help="gateway.yaml, or the key file itself.")],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE", help="Table to write.")],
    level: Annotated[Level | None, typer.Option(help="What a copy counts as at least.")] = None,
    entity: Annotated[str, typer.Option(help="What a copy is called.")] = "DOCUMENT_COPY",
    without: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder of texts that may be anywhere: templates, public pages.")
    ] = None,
    names: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write which number in findings is which document.")
    ] = None,
) -> None:
    """Build a table of fingerprints from documents. The table holds no text and no file name.

    Example: llmgw fingerprint build contracts --key-from gw/gateway.yaml --level restricted -o gw/contracts.prints
    """
    from dlp_recognizers.own.fingerprint_build import TEXT_OPENERS, FingerprintBuilder, read_documents
    from dlp_recognizers.own.match_build import TableName, check_entity
    from dlp_recognizers.own.sources import PURPOSES
    from gateway.build_key import build_key
    from gateway.entities import ENTITY_GROUPS, OWN_DATA

    check_entity(entity)
    if level is not None and entity in ENTITY_GROUPS and entity not in OWN_DATA:
        raise ConfigurationError(f"others find {entity} too: set its level in the policy, not with --level")
    for each in (folder, without):
        if each is not None and not each.is_dir():
            raise ConfigurationError(f"{each}: this is no folder")
    key = build_key(key_from, PURPOSES["fingerprints"])
    builder = FingerprintBuilder(key.material)
    for _, text in read_documents(without, TEXT_OPENERS) if without is not None else ():
        if text is not None:
            builder.leave_out(text)
    builder.add_all(read_documents(folder, TEXT_OPENERS))
    try:
        name = TableName(output.stem[:64], key.id, key.material, level or "")
        report = builder.write(output, name, entity=entity)
        if names is not None:
            names.write_text("".join(f"{number}\t{each}\n" for number, each in enumerate(report.documents)), "utf-8")
    except OSError as error:
        raise ConfigurationError(f"{output}: cannot be written ({error.strerror})") from None
    typer.echo(
        f"{output}: {len(report.documents):,} documents, {report.fingerprints:,} fingerprints, {report.bytes:,} bytes"
    )
    for label, left in (("cannot be read", report.unreadable), ("too short to be told from chance", report.short)):
        if left:
            typer.echo(f"  left out, {label}: {len(left):,}, such as {left[0]}")
    typer.echo(f"Next: name it in gateway.yaml under dlp: fingerprints: [{{file: {output.name}}}]")
