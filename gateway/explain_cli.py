"""`llmgw explain`: loads a snapshot and an engine, reads questions, prints answers."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import orjson
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gateway import logs
from gateway.documents import load_settings
from gateway.errors import ConfigurationError, Refusal
from gateway.explain import (
    DEFAULT_MODEL,
    DEFAULT_PATH,
    PLACEHOLDER,
    Explainer,
    Question,
    Trail,
    as_json,
    parse_question,
)
from gateway.model import Json
from gateway.snapshot import load_snapshot

_BAD_LINE = "llmgw_invalid_question"


def load_explainer(config: Path) -> Explainer:
    """Everything `serve` would load, without a socket or a process. Raises ConfigurationError."""
    from dlp_recognizers.attachments.local import LocalOpener
    from dlp_recognizers.attachments.setup import opening_of
    from dlp_recognizers.engine import Engine, settings_of
    from dlp_recognizers.local import LocalScanner
    from dlp_recognizers.operators import PresidioOperator

    logs.configure("error", "json")
    settings = load_settings(config)
    snapshot = load_snapshot(settings, datetime.now(UTC))
    given = settings_of(settings.dlp)
    engine = Engine(given, own=snapshot.own)
    return Explainer(snapshot, LocalScanner(engine), PresidioOperator(), LocalOpener(opening_of(settings.dlp)))


def explain_lines(config: Path, agent: str) -> int:
    """Answer one question a line, in order. A line that is no question is answered with a denial; exit code 2 then."""
    explainer = load_explainer(config)
    code, noted = 0, False
    for number, line in enumerate(sys.stdin.buffer, 1):
        if not line.strip():
            continue
        answer: dict[str, Any]
        try:
            question = parse_question(line)
            if agent and not question.agent:
                question = replace(question, agent=agent)
            if question.unknown and not noted:
                noted = True
                print(f"line {number}: key {question.unknown[0]!r} is not known and ignored", file=sys.stderr)  # noqa: T201
            answer = as_json(question, explainer.explain(question))
        except ConfigurationError as error:
            print(f"line {number}: {error}", file=sys.stderr)  # noqa: T201 - the terminal is the output
            answer = as_json(Question(given_id=_id_of(line)), Trail(refusal=Refusal(_BAD_LINE, 400, str(error))))
            code = 2
        sys.stdout.buffer.write(orjson.dumps(answer) + b"\n")
        sys.stdout.buffer.flush()
    return code


def _id_of(line: bytes) -> Json:
    try:
        given = orjson.loads(line)
    except orjson.JSONDecodeError:
        return ""
    return given.get("id", "") if isinstance(given, dict) else ""


def explain_one(config: Path, file: Path | None, *, agent: str, path: str, form: Literal["text", "json"]) -> int:
    """Explain one request; exit code 1 when it would be refused."""
    try:
        data = file.read_bytes() if file is not None else sys.stdin.buffer.read()
    except OSError as error:
        raise ConfigurationError(f"{file}: cannot be read ({error.strerror})") from None
    question = _question(data, agent, path)
    explainer = load_explainer(config)
    explainer.agent(agent)
    answer = as_json(question, explainer.explain(question))
    if form == "json":
        print(json.dumps(answer, indent=2, ensure_ascii=False))  # noqa: T201 - the terminal is the output
    else:
        _print(answer)
    return 1 if answer["outcome"] == "deny" else 0


def _question(data: bytes, agent: str, path: str) -> Question:
    """A JSON object is a request body (or a question of the JSONL form); anything else is a user's message."""
    try:
        given = orjson.loads(data)
    except orjson.JSONDecodeError:
        given = None
    if isinstance(given, dict) and ("model" in given or path != DEFAULT_PATH) and "body" not in given:
        return Question(agent=agent, path=path, body=data)
    if isinstance(given, dict) and given.keys() & {"body", "body_base64", "text"}:
        parsed = parse_question(data)
        return Question(
            parsed.id, parsed.method, parsed.path, parsed.headers, parsed.agent or agent, parsed.body, parsed.profile
        )
    if isinstance(given, dict):
        return Question(agent=agent, path=path, body=data)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise ConfigurationError("the input is neither JSON nor UTF-8 text") from None
    body = orjson.dumps({"model": DEFAULT_MODEL, "messages": [{"role": "user", "content": text.rstrip("\n")}]})
    return Question(agent=agent, path=path, body=body)


def _print(answer: dict[str, Any]) -> None:
    console = Console(highlight=False, soft_wrap=True)
    refusal, decision, classification = answer["refusal"], answer["decision"], answer["classification"]
    style = "bold red" if refusal else "bold green"
    console.print(
        Text.assemble(("outcome   ", "dim"), (answer["outcome"], style), f"  ({answer['dialect'] or 'no dialect'})")
    )
    if classification:
        reasons = "; ".join(classification["reasons"]) or "nothing found"
        console.print(Text.assemble(("level     ", "dim"), (classification["level"], "bold"), f"  ({reasons})"))
    if decision:
        console.print(Text.assemble(("rule      ", "dim"), (decision["rule"], "bold"), f"  ({decision['reason']})"))
        if decision["upstream"]:
            where = f"  ({decision['tier']}, model {decision['model']}, profile {decision['profile']})"
            console.print(Text.assemble(("upstream  ", "dim"), (decision["upstream"], "bold"), where))
    if refusal:
        console.print(
            Text.assemble(("refusal   ", "dim"), f"HTTP {refusal['status']} {refusal['code']}: {refusal['message']}")
        )
    _print_findings(console, answer["findings"])
    if answer["redacted_body"] is not None:
        console.print(Text("would be sent:", "dim"))
        body = Text(json.dumps(answer["redacted_body"], indent=2, ensure_ascii=False))
        body.highlight_regex(PLACEHOLDER, "bold yellow")
        console.print(body)


def _print_findings(console: Console, findings: list[dict[str, Any]]) -> None:
    if not findings:
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("entity", "path", "from", "to", "score", "recognizer"):
        table.add_column(name)
    for each in findings[:50]:
        table.add_row(
            each["entity"],
            Text(each["path"]),
            str(each["start"]),
            str(each["end"]),
            f"{each['score']:.2f}",
            each["recognizer"],
        )
    console.print(table)
    if len(findings) > 50:
        console.print(f"... and {len(findings) - 50} more")
