"""The `llmgw` command. Exit codes: 0 fine, 1 a finding or a refusal in a check, 2 wrong usage or configuration."""

from __future__ import annotations

import os
import sys
import traceback
from pathlib import Path
from typing import Annotated, Literal

import typer

import gateway
from gateway.errors import ConfigurationError
from gateway.fingerprint_cli import fingerprint_app
from gateway.match_cli import match_app

app = typer.Typer(
    name="llmgw",
    help="LLM egress gateway: the one door through which AI agents reach a language model.\n\n"
    "Exit codes: 0 fine, 1 a finding or a refusal in a check, 2 wrong usage or configuration.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
app.add_typer(match_app)
app.add_typer(fingerprint_app)

Config = Annotated[
    Path, typer.Option("-c", "--config", metavar="FILE", help="Settings of the gateway, as `llmgw init` writes them.")
]


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"llmgw {gateway.__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """See the module."""


@app.command()
def init(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Folder to write; made if it is not there.")],
    trust_domain: Annotated[str, typer.Option(help="SPIFFE trust domain of the agents.")] = "corp.example",
) -> None:
    """Write a working folder: gateway.yaml, rules, agent registry, a throw-away PKI. Overwrites nothing.

    Example: llmgw init gw && llmgw check -c gw/gateway.yaml
    """
    from gateway.init import init as write_folder

    done = write_folder(directory, trust_domain)
    for path in done.written:
        typer.echo(f"wrote {path}")
    for path in done.kept:
        typer.echo(f"kept  {path} (was there)")
    typer.echo(f"Next: edit {directory / 'rules.yaml'}, then llmgw check -c {directory / 'gateway.yaml'}")


@app.command()
def serve(
    config: Config,
    workers: Annotated[
        int | None, typer.Option(min=1, max=256, help="Processes that share the port; default: run.workers.")
    ] = None,
) -> None:
    """Run the gateway until SIGTERM; SIGHUP reloads policy, registry, revocations and certificates.

    Example: llmgw serve -c gw/gateway.yaml --workers 2
    """
    from gateway.documents import load_settings
    from gateway.supervisor import Supervisor

    settings = load_settings(config)
    count = workers or settings.run.workers
    supervisor = Supervisor(
        config.resolve(), settings, workers=count, announce=lambda text: typer.echo(f"llmgw: {text}")
    )
    raise typer.Exit(supervisor.run())


@app.command()
def check(
    config: Config,
    form: Annotated[
        Literal["text", "json", "sarif"], typer.Option("--format", help="How problems are printed.")
    ] = "text",
) -> None:
    """Load everything without serving; print every problem as file:line:column: what, and the fix.

    Example: llmgw check -c gw/gateway.yaml --format sarif > check.sarif
    """
    from gateway.check import check_all, render

    checked = check_all(config)
    if checked.diagnostics or form != "text":
        typer.echo(render(checked.diagnostics, form))
    if not checked.diagnostics and form == "text" and checked.policy and checked.registry:
        policy = checked.policy
        agents = [each for each in checked.registry.by_spiffe_id.values() if not each.canary]
        typer.echo(
            f"{config}: fine. Policy {policy.version}: {len(policy.rules)} rules, {len(policy.upstreams)} upstreams; "
            f"{len(agents)} agent(s)."
        )
    if checked.diagnostics:
        raise typer.Exit(2)


@app.command()
def explain(  # noqa: PLR0917 - options, given by name
    config: Config,
    file: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE]", help="Request body as JSON, or plain text; default: standard input."),
    ] = None,
    agent: Annotated[str, typer.Option("--as", metavar="AGENT", help="SPIFFE ID or id of the calling agent.")] = "",
    jsonl: Annotated[bool, typer.Option("--jsonl", help="One JSON question a line on standard input.")] = False,
    path: Annotated[str, typer.Option(help="Request path, which names the API dialect.")] = "/v1/chat/completions",
    form: Annotated[Literal["text", "json"], typer.Option("--format", help="How one answer is printed.")] = "text",
) -> None:
    """Show what would happen to a request: findings, level, rule, upstream, the body that would be sent. Sends nothing.

    Example: echo 'Mail jane.doe@corp.example' | llmgw explain -c gw/gateway.yaml --as demo
    """
    from gateway.explain_cli import explain_lines, explain_one

    if jsonl:
        raise typer.Exit(explain_lines(config, agent))
    raise typer.Exit(explain_one(config, file, agent=agent, path=path, form=form))


@app.command("eval")
def evaluate(  # noqa: PLR0917 - options, given by name
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[FILE]...", help="Labelled text: JSONL, or CoNLL with the label in a column."),
    ] = None,
    versus: Annotated[
        list[str] | None, typer.Option("--vs", metavar="presidio", help="Measure stock Presidio on the same text too.")
    ] = None,
    pipeline: Annotated[
        list[str] | None, typer.Option("--pipeline", metavar="NAME", help="Measure an installed spaCy pipeline too.")
    ] = None,
    false_findings: Annotated[
        list[Path] | None,
        typer.Option("--false-findings", metavar="PATH", help="File or folder that holds nothing sensitive."),
    ] = None,
    min_score: Annotated[float, typer.Option(min=0.0, max=1.0, help="Findings below this score do not count.")] = 0.5,
    output: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write the figures here too.")] = None,
    config: Annotated[
        Path | None, typer.Option("-c", "--config", metavar="FILE", help="Measure the engine of these settings.")
    ] = None,
) -> None:
    """Print precision, recall and F2 for each entity on labelled text; false findings per 1,000 lines on other text.

    Example: llmgw eval labelled.jsonl --vs presidio --json figures.json
    """
    from gateway.eval_cli import Wish, run

    wish = Wish(
        tuple(files or ()), tuple(false_findings or ()), tuple(versus or ()), tuple(pipeline or ()), config, min_score
    )
    raise typer.Exit(run(wish, output))


@app.command()
def doctor(config: Config) -> None:
    """Check the machine and the deployment, a line each with the fix.

    Example: llmgw doctor -c gw/gateway.yaml
    """
    from gateway.doctor_cli import print_report

    raise typer.Exit(print_report(config))


def main() -> None:
    """Entry point of the `llmgw` command."""
    # Before numpy is loaded: the model of names works in small matrices, where more threads only spin.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        app()
    except ConfigurationError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    except Exception as error:  # noqa: BLE001 - an error's own words may quote what was read
        frames = traceback.extract_tb(error.__traceback__)
        where = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "unknown"
        print(f"llmgw: internal error ({type(error).__name__} at {where}). Please report it.", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
