"""The main job from end to end, with the official SDKs: what was asked, what was found, where it went, what came back.

Exit code 0 only if every step did what it should.
"""

from __future__ import annotations

import contextlib
import json
import ssl
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anthropic
import httpx2
import openai
import psutil
from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from certs.certificate import LeafSpec
from demo.stage import TRUST_DOMAIN, UPSTREAM_KEY, Stage, stage

MAIL = "maria.lindqvist@customer.example"
PHONE = "+49 30 901820 47"
CARD = "5105 1051 0510 5100"
IBAN = "DE44 5001 0517 5407 3249 31"
API_KEY = "ghp_" + "x7Kq2mV9bT4nR8sW1cY6zD3fH5jL0pQaEuGi"
PRIVATE_KEY = (
    "-----BEGIN "
    + "PRIVATE KEY-----\n"
    + "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSj\n" * 3
    + "-----END "
    + "PRIVATE KEY-----"
)
NOTE = "Patient: A. Example, MRN 00482913. Diagnosed with type 2 diabetes (ICD-10 E11.9); started on metformin."
TOOL = {
    "type": "function",
    "function": {"name": "send_letter", "parameters": {"type": "object", "properties": {"text": {"type": "string"}}}},
}
TURNS = 30


class Demo:
    """Runs the steps and keeps count of what failed."""

    def __init__(self, found: Stage, console: Console) -> None:
        self._stage = found
        self._console = console
        self._number = 0
        self.failures: list[str] = []

    def openai(self, context: ssl.SSLContext | None = None) -> openai.OpenAI:
        """The official OpenAI client, as the agent `demo` unless a context says otherwise."""
        return openai.OpenAI(
            base_url=f"https://localhost:{self._stage.port}/v1",
            api_key="unused",
            max_retries=0,
            timeout=20,
            http_client=httpx2.Client(verify=context or self._stage.agent("demo"), timeout=20),
        )

    def anthropic(self) -> anthropic.Anthropic:
        """The official Anthropic client, as the agent `demo`."""
        return anthropic.Anthropic(
            base_url=f"https://localhost:{self._stage.port}",
            api_key="unused",
            max_retries=0,
            http_client=httpx2.Client(verify=self._stage.agent("demo"), timeout=20),
        )

    def title(self, text: str) -> None:
        """Begin a step."""
        self._number += 1
        self._console.print()
        self._console.print(Text(f"{self._number:2}  {text}", style="bold"))

    def line(self, name: str, value: str) -> None:
        """One fact of a step."""
        self._console.print(Text.assemble((f"    {name:<14}", "dim"), value))

    def expect(self, what: str, holds: bool) -> None:
        """Something that must hold."""
        mark = ("  ok  ", "green") if holds else (" FAIL ", "bold red")
        self._console.print(Text.assemble("    ", mark, what))
        if not holds:
            self.failures.append(f"step {self._number}: {what}")

    def facts(self, headers: Any) -> dict[str, Any]:
        """Print what the gateway's evidence says of a call; returns the event."""
        event = self._stage.event(headers["x-llmgw-request-id"])
        if not event:
            self.expect("the call left an event", False)
            return {}
        found = ", ".join(f"{count} x {name}" for name, count in event["findings"].items()) or "nothing"
        self.line(
            "caller", f"{event['agent_id']} ({event['attestation'].get('spiffe_id', '?')}), tenant {event['tenant']}"
        )
        self.line("found", found)
        self.line("level", f"{event['level']}  ({'; '.join(event['reasons']) or 'nothing raises it'})")
        self.line("rule", f"{event['rule']} -> {event['llm_endpoint'] or 'nowhere'} ({event['tier'] or '-'})")
        self.line("verdict", event["verdict"])
        return event

    def seen(self, name: str, marker: bytes) -> str:
        """The part of what an upstream saw around a marker, for display."""
        record = self._stage.record(name)
        at = record.rfind(marker)
        if at < 0:
            return "(nothing of it)"
        begin = record.rfind(b'"content"', 0, at + len(marker) + 200)
        return (
            record[max(0, begin if 0 <= begin <= at else at - 20) : at + 150]
            .decode("utf-8", "replace")
            .replace("\n", " ")
        )

    def chat(self, text: str, **more: Any) -> Any:
        """One chat completion; returns the SDK's raw response."""
        messages = [{"role": "user", "content": text}]
        return self.openai().chat.completions.with_raw_response.create(model="gpt-4.1", messages=messages, **more)


def public_question(demo: Demo, found: Stage) -> None:
    demo.title("A public question goes to the third party as it is")
    raw = demo.chat("What is the capital of Portugal?")
    event = demo.facts(raw.headers)
    demo.line("agent got", raw.parse().choices[0].message.content)
    demo.expect("nothing was found, nothing changed", event.get("verdict") == "ok")
    demo.expect("it went to the third party", event.get("tier") == "third_party")
    seen = found.record("third-party")
    demo.expect(
        "the upstream got the gateway's credential, not the agent's",
        UPSTREAM_KEY.encode() in seen and b"unused" not in seen,
    )


def redacted_plain(demo: Demo, found: Stage) -> None:
    demo.title("Personal data is redacted on the way out and restored on the way back")
    text = f"Write to {MAIL}, or call {PHONE}."
    raw = demo.chat(text)
    event = demo.facts(raw.headers)
    answer = raw.parse().choices[0].message.content
    demo.line("upstream saw", demo.seen("third-party", b"Write to ["))
    demo.line("agent got", answer)
    demo.expect("the upstream saw placeholders only", MAIL.encode() not in found.record("third-party"))
    demo.expect("the agent got its values back", answer == f"You said: {text}")
    demo.expect("verdict redacted", event.get("verdict") == "redacted")


def redacted_stream(demo: Demo, found: Stage) -> None:
    demo.title("The same in a stream (Anthropic), whose pieces cut every placeholder")
    text = f"Summarise the complaint of {MAIL}"
    with demo.anthropic().messages.stream(
        model="claude-sonnet-4-5", max_tokens=200, messages=[{"role": "user", "content": text}]
    ) as stream:
        pieces = list(stream.text_stream)
        headers = stream.response.headers
    demo.facts(headers)
    demo.line("agent got", f"{''.join(pieces)}   ({len(pieces)} pieces)")
    demo.expect("the pieces join to the original", "".join(pieces) == f"You said: {text}")
    demo.expect("the upstream saw no address", MAIL.encode() not in found.record("third-party"))


def redacted_tool_call(demo: Demo, found: Stage) -> None:
    demo.title("And inside the JSON arguments of a streamed tool call")
    text = f'Tell {MAIL} that "the order" is late'
    with demo.openai().chat.completions.with_streaming_response.create(
        model="gpt-4.1", messages=[{"role": "user", "content": text}], tools=[TOOL], stream=True
    ) as raw:
        arguments = ""
        for chunk in raw.parse():
            for call in (chunk.choices[0].delta.tool_calls or []) if chunk.choices else []:
                arguments += (call.function.arguments or "") if call.function else ""
        headers = raw.headers
    demo.facts(headers)
    demo.line("arguments", arguments)
    demo.expect("valid JSON with the real value", json.loads(arguments)["text"] == text)
    demo.expect("the upstream saw no address", MAIL.encode() not in found.record("third-party"))


def confidential(demo: Demo, found: Stage) -> None:
    demo.title("A confidential document goes to the sovereign tenant, redacted")
    text = f"CONFIDENTIAL\n\nRefund card {CARD} of our client, account {IBAN}."
    raw = demo.chat(text)
    event = demo.facts(raw.headers)
    demo.line("upstream saw", demo.seen("sovereign-eu", b"CONFIDENTIAL"))
    demo.expect("it went to the sovereign tenant", event.get("llm_endpoint") == "sovereign-eu")
    demo.expect("rerouted and redacted", event.get("verdict") == "redacted,rerouted")
    seen = found.record("sovereign-eu")
    demo.expect("card and account were removed", CARD.encode() not in seen and IBAN.encode() not in seen)
    demo.expect("the third party never saw it", b"Refund card" not in found.record("third-party"))


def patient_note(demo: Demo, found: Stage) -> None:
    demo.title("A patient note stays on-prem, untouched")
    raw = demo.chat(f"Shorten this note. {NOTE}")
    event = demo.facts(raw.headers)
    demo.expect("it went to the on-prem model", event.get("tier") == "on_prem")
    demo.expect("the note arrived as it was written", NOTE.encode() in found.record("on-prem"))
    outside = found.record("third-party") + found.record("sovereign-eu")
    demo.expect("nobody else saw a word of it", b"metformin" not in outside)


def api_key(demo: Demo, found: Stage) -> None:
    demo.title("An API key in a prompt is removed, and never restored")
    raw = demo.chat(f"Why does git refuse the token {API_KEY} here?")
    demo.facts(raw.headers)
    answer = raw.parse().choices[0].message.content
    demo.line("agent got", answer)
    demo.expect("the key left for nobody", API_KEY.encode() not in found.record("third-party"))
    demo.expect("a secret is not put back", API_KEY not in answer and "[API_KEY_" in answer)


def private_key(demo: Demo, found: Stage) -> None:
    demo.title("A private key blocks the request, in the SDK's own error")
    try:
        demo.chat(f"What is wrong with this?\n{PRIVATE_KEY}")
    except openai.BadRequestError as error:
        demo.facts(error.response.headers)
        demo.line("agent got", f"{type(error).__name__} {error.status_code}: {error.body['message']}")  # type: ignore[index]
        demo.expect("the code is stable", error.code == "llmgw_denied")
        demo.expect(
            "the message says what to do, without the key", "Remove it" in str(error) and "MIIE" not in str(error)
        )
    else:
        demo.expect("the request was refused", False)
    everything = b"".join(found.record(name) for name in ("third-party", "sovereign-eu", "on-prem"))
    demo.expect("no upstream saw it", b"MIIEvQ" not in everything)


def bad_certificates(demo: Demo, found: Stage) -> None:
    demo.title("No certificate, an expired one, a revoked one: no handshake, nothing served")
    uri = f"spiffe://{TRUST_DOMAIN}/agent/demo"
    now = datetime.now(UTC)
    expired = found.pki.clients.mint(
        LeafSpec(uris=(uri,), not_before=now - timedelta(days=2), not_after=now - timedelta(seconds=2))
    )
    expired.write(found.folder / "expired.crt", found.folder / "expired.key")
    before = b"".join(found.record(name) for name in ("third-party", "sovereign-eu", "on-prem"))
    leaver = found.agent("leaver")
    demo.expect("the leaver's certificate works before it is revoked", _served(demo, leaver) == "served")
    from cryptography import x509

    leaf = x509.load_pem_x509_certificate((found.folder / "pki/agents/leaver.crt").read_bytes())
    found.pki.write_crl([leaf.serial_number])
    began = time.monotonic()
    while _served(demo, found.agent("leaver")) == "served" and time.monotonic() - began < 10:
        time.sleep(0.1)
    took = time.monotonic() - began
    cases: list[tuple[str, ssl.SSLContext]] = [
        ("no certificate", found.context(None)),
        ("expired", found.context(found.folder / "expired.crt", found.folder / "expired.key")),
        ("revoked", found.agent("leaver")),
    ]
    for name, context in cases:
        outcome = _served(demo, context)
        demo.line(name, outcome)
        demo.expect(f"{name}: refused in the handshake", outcome != "served")
    demo.expect(f"the new revocation list took effect after {took:.1f} s (stated: 2 s)", took < 2.5)
    after = b"".join(found.record(name) for name in ("third-party", "sovereign-eu", "on-prem"))
    demo.expect(
        "no upstream heard of the refused ones", after.count(b"POST /") == before.count(b"POST /") + _SERVED["count"]
    )


_SERVED = {"count": 0}


def _served(demo: Demo, context: ssl.SSLContext) -> str:
    try:
        demo.openai(context).chat.completions.create(model="gpt-4.1", messages=[{"role": "user", "content": "Hello"}])
    except openai.APIConnectionError as error:
        return f"{type(error.__cause__).__name__}: {error.__cause__}"
    except openai.APIStatusError as error:
        return f"HTTP {error.status_code} {error.code}"
    _SERVED["count"] += 1
    return "served"


def scanner_killed(demo: Demo, found: Stage) -> None:
    demo.title("The scanner is killed in mid-flight: refused, then back")
    over = threading.Event()
    killer = threading.Thread(target=_keep_killing, args=(found, over))
    killer.start()
    time.sleep(0.3)
    marker = "zebra-crossing-4711"
    try:
        raw = demo.chat(f"Nobody has scanned this {marker} {MAIL}")
        demo.expect("the request was refused while nobody could scan", False)
        demo.facts(raw.headers)
    except openai.InternalServerError as error:
        demo.line("agent got", f"{type(error).__name__} {error.status_code}: {error.code}")
        demo.expect(
            "refused with a code that says a retry helps", error.code in ("llmgw_scan_busy", "llmgw_scan_deadline")
        )
    over.set()
    killer.join()
    demo.expect("nothing of it left", marker.encode() not in found.record("third-party"))
    began = time.monotonic()
    while time.monotonic() - began < 15:
        try:
            demo.chat("Are you back?")
            break
        except openai.APIStatusError:
            time.sleep(0.2)
    demo.expect(f"the scanner was back after {time.monotonic() - began:.1f} s more", time.monotonic() - began < 15)


def _keep_killing(found: Stage, over: threading.Event) -> None:
    """Kill whatever scans, also what is started in its place, until told that it is enough."""
    while not over.wait(0.05):
        for process in found.scanners():
            with contextlib.suppress(psutil.Error):
                process.kill()


def conversation(demo: Demo, found: Stage) -> None:
    demo.title(f"A coding agent sends its whole history each turn: {TURNS} turns, only the new text is scanned")
    client = demo.openai(found.agent("coder"))
    messages: list[dict[str, str]] = [{"role": "system", "content": "You are a careful coding assistant. " * 40}]
    sent, scanned, prefix_kept, before = 0, 0, True, b""
    for turn in range(TURNS):
        question = (
            f"Turn {turn}: refactor module_{turn}.py, owner {MAIL}. "
            + f"def f_{turn}(x):\n    return x + {turn}\n" * 20
        )
        messages.append({"role": "user", "content": question})
        raw = client.chat.completions.with_raw_response.create(model="gpt-4.1", messages=messages)  # type: ignore[arg-type]
        messages.append({"role": "assistant", "content": raw.parse().choices[0].message.content or ""})
        event = found.event(raw.headers["x-llmgw-request-id"])
        sent += event["prompt_bytes"]
        scanned += event["new_bytes"]
        body = found.record("third-party").rstrip(b"\n").rsplit(b"\r\n\r\n", 1)[-1]
        prefix_kept = prefix_kept and (not before or body.startswith(before[: before.rindex(b"}]}")]))
        before = body
    demo.line("sent", f"{sent:,} bytes of prompts in {TURNS} requests")
    demo.line("scanned", f"{scanned:,} bytes ({scanned / sent:.1%})")
    demo.expect("less than a tenth was scanned", scanned < sent / 10)
    demo.expect(
        "each turn's outgoing body begins with the turn's before, byte for byte (prompt caches hit)", prefix_kept
    )
    demo.expect("the last answer still has the real address", MAIL in messages[-1]["content"])


def summary(demo: Demo, found: Stage, console: Console) -> None:
    console.print()
    console.print(Text("What each upstream saw", style="bold"))
    for name in ("third-party", "sovereign-eu", "on-prem"):
        record = found.record(name)
        leaked = [value for value in (MAIL, PHONE, CARD, IBAN, API_KEY) if value.encode() in record]
        count = record.count(b"POST /")
        console.print(f"    {name:<14}{count:>4} requests, {len(record):>9,} bytes, in clear: {leaked or 'none'}")
    events = found.events()
    console.print(Text("Events (the first ones)", style="bold"))
    for event in events[:8]:
        kept = (
            "action",
            "agent_id",
            "dialect",
            "level",
            "rule",
            "llm_endpoint",
            "verdict",
            "refusal_code",
            "prompt_hash",
        )
        shown = {key: event[key] for key in kept if event[key]}
        shown["prompt_hash"] = shown.get("prompt_hash", "")[:28] + "..."
        console.print(Text(f"    {json.dumps(shown)}"))
    console.print(Text("Metrics", style="bold"))
    for line in found.metrics():
        console.print(Text(f"    {line}"))
    demo.title("Nothing sensitive in what is left behind")
    text = json.dumps(events) + "\n".join(found.metrics()) + (found.folder / "gateway.log").read_text()
    for value in (MAIL, PHONE, CARD, IBAN, API_KEY, "metformin", "MIIEvQ", UPSTREAM_KEY):
        if value in text:
            demo.expect("no value in events, metrics and log", False)
            return
    demo.expect(f"no value in {len(events)} events, the metrics and the log", True)


STEPS: tuple[Callable[[Demo, Stage], None], ...] = (
    public_question, redacted_plain, redacted_stream, redacted_tool_call, confidential, patient_note, api_key,
    private_key, bad_certificates, scanner_killed, conversation,
)  # fmt: skip


def main() -> int:
    """Run every step; returns the exit code."""
    console = Console(highlight=False, soft_wrap=True)
    folder = Path("demo-run").resolve()
    began = time.monotonic()
    console.print(Panel.fit("LLM egress gateway: the main job, with the official SDKs and three stub upstreams"))
    with stage(folder) as found:
        console.print(
            f"gateway on port {found.port}, status page http://127.0.0.1:{found.admin_port}/status, files in demo-run/"
        )
        demo = Demo(found, console)
        for step in STEPS:
            step(demo, found)
        summary(demo, found, console)
    console.print()
    if demo.failures:
        console.print(Text(f"{len(demo.failures)} expectations failed:", style="bold red"))
        for failure in demo.failures:
            console.print(f"  {failure}")
        return 1
    console.print(Text(f"Every step did what it should ({time.monotonic() - began:.0f} s).", style="bold green"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
