"""Encodings on top of one another: a search with fixed seeds. What is found is cut out for good."""

from __future__ import annotations

import base64
import gzip
import html
import json
import random
from collections.abc import Callable
from urllib.parse import quote

import pytest

from benchmarks.evasion_values import KINDS
from dlp_recognizers.engine import Engine
from dlp_recognizers.local import LocalScanner
from gateway.model import Operator, Profile, Prompt, ScanResult, TextSpan
from gateway.redaction import redact, scope_key, verify

KEY = scope_key(b"k" * 32, "agent", "a")
EVERYTHING = Profile("all", {"*": Operator.PLACEHOLDER})
FULL = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}
CODINGS: dict[str, Callable[[str], str]] = {
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "URL-safe base64": lambda text: base64.urlsafe_b64encode(text.encode()).decode().rstrip("="),
    "base32": lambda text: base64.b32encode(text.encode()).decode(),
    "hex": lambda text: text.encode().hex(),
    "percent": lambda text: "".join(f"%{byte:02X}" for byte in text.encode()),
    "quoted": lambda text: quote(text, safe=""),
    "JSON": json.dumps,
    "\\u": lambda text: "".join(f"\\u{ord(char):04x}" for char in text),
    "HTML": lambda text: "".join(f"&#{ord(char)};" for char in text),
    "HTML escape": html.escape,
    "gzip": lambda text: base64.b64encode(gzip.compress(text.encode(), mtime=0)).decode(),
    "zero width": "\u200b".join,
    "full width": lambda text: text.translate(FULL),
    "sentence": lambda text: f"please note {text} for later",
    "object": lambda text: json.dumps({"note": text, "n": 1}),
    "quoted-printable": lambda text: "".join(f"={byte:02X}" for byte in text.encode()),
    "octal": lambda text: "".join(f"\\{byte:03o}" for byte in text.encode()),
}
AROUND = (("", ""), ("hello: ", " bye"), ("see\n", "\nend"), ("x=", "."), ('{"a": "', ""))


def scan(engine: Engine, text: str) -> ScanResult:
    result = LocalScanner(engine).scan_sync([TextSpan("/m", text)])
    assert result.complete
    return result


def without(text: str, result: ScanResult) -> str:
    prompt = Prompt("openai.chat", "m", False, (TextSpan("/m", text),), (), {"m": text})
    done = redact(prompt, result, EVERYTHING, key=KEY, operator=lambda *_: "*")
    verify(done)
    left: str = json.loads(done.body)["m"]
    return left


@pytest.mark.parametrize("seed", range(8))
def test_two_layers_are_found_and_redacted(engine: Engine, seed: int) -> None:
    rng = random.Random(seed)
    missed: list[str] = []
    tried = 0
    for _ in range(60):
        kind = rng.choice([kind for kind in KINDS if kind.shape != "block"])
        names = rng.sample(sorted(CODINGS), rng.choice((1, 2, 2)))
        text = kind.context + kind.make(rng)
        for name in names:
            text = CODINGS[name](text)
        before, after = rng.choice(AROUND)
        text = before + text + after
        result = scan(engine, text)
        tried += 1
        if not any(each.score >= 0.5 for each in result.findings):
            missed.append(f"{kind.name}: {' > '.join(names)}")
            continue
        left = without(text, result)
        again = [f for f in scan(engine, left).findings if f.score >= 0.5 and "[" not in left[f.start : f.end]]
        assert not [each for each in again if each.entity != "OBFUSCATION"], (kind.name, names)
    assert len(missed) <= 0.05 * tried, missed
