"""A value's key is its context: `{"password": "hunter2"}` says as much as `password: hunter2`, but is two strings.

Short values whose key is a telling word are scanned behind that word; what is found is told in the value's own offsets.
Pure.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from gateway.model import Finding, ScanResult, SpanKind, TextSpan

LONGEST_VALUE: Final = 256
"""Code points. A longer text brings its own context."""
TELLING: Final = re.compile(
    r"pass(?:word|wd|phrase|code)|pwd|secret|token|api.?key|access.?key|private.?key|credential|auth|bearer|ssn|social"
    r"|\btax|birth|dob\b|passport|licen[cs]e|iban|account|\bcard|cvv|phone|mobile|\btel\b|\bfax|mrn|patient|medical"
    r"|insurance|nhs|nino|bsn|pesel|steuer|ausweis|personnummer|diagnos|\bname\b|surname|contact|customer|employee"
    r"|member|identi|\bip\b|\bvat\b|\bbic\b|swift|routing|sort code|\bimei\b|\bimsi\b|\bvin\b|\bplate\b"
    r"|policy|seed|mnemonic"
    r"|sozial|versicher|kenn(?:zeichen|wort)|passwort|konto|geburt|telefon|handy|kunde|patiente?n?|f\xfchrerschein"
    r"|naissance|s[e\xe9]curit|fiscal|compte|permis|immatricul|num[e\xe9]ro|nacimiento|cuenta|contrase|tel[e\xe9]fono"
    r"|nascita|nascimento|conto\b|patente|codice|geboorte|rekening|kenteken|burgerservice|urodzen|dow[o\xf3]d|senha|conta\b"
    r"|f[o\xf6\xf8]d(?:else|sel)|pas[a-z]{0,4}port|paspoort|reisepass"
    r"|prawo jazdy|rijbewijs|ajokort|p[o\xf3]li[sz]|assur"
    r"|carte|carta|tarjeta|tessera|targa|matr[i\xed]cul|chassis"
    r"|k[o\xf6]rkort|\bcpr\b|hetu|syntym|tilinumero|\bnif\b|\bnie\b|\bdni\b|\bnir\b|\bahv\b|\butr\b|\bnpi\b|\bein\b"
    r"|\bmbi\b|\bsin\b|\btfn\b|aadhaar|\bpan\b|\bcpf\b|\bcnpj\b|\brut\b|\bcurp\b|\bnip\b|regon|\bpps|\biva\b|ust.?id|\bcvc\b",
    re.IGNORECASE,
)
"""Words that tell what the value beside them is."""
_PROSE: Final = ("/content", "/text", "/description", "/title", "/input", "/prompt", "/instructions")
"""Ends of pointers that are common and tell nothing."""
_HUMP: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[_\-.\s]+")


def with_labels(spans: Sequence[TextSpan]) -> tuple[Sequence[TextSpan], dict[int, int]]:
    """The spans as they are to be scanned, and for each changed one how many code points were put before it."""
    shifts: dict[int, int] = {}
    changed: list[TextSpan] | None = None
    for index, span in enumerate(spans):
        if (
            len(span.text) > LONGEST_VALUE
            or span.path.endswith(_PROSE)
            or span.kind not in (SpanKind.TEXT, SpanKind.NUMBER)
        ):
            continue
        label = _label(span.path)
        if not label or TELLING.search(label) is None:
            continue
        if changed is None:
            changed = list(spans)
        prefix = f"{label}: "
        changed[index] = replace(span, text=prefix + span.text)
        shifts[index] = len(prefix)
    return (spans if changed is None else changed), shifts


def without_labels(result: ScanResult, shifts: dict[int, int]) -> ScanResult:
    """The result in the offsets of the spans as they came. What was found in a label alone is dropped."""
    if not shifts or not result.findings:
        return result
    findings = []
    for finding in result.findings:
        shift = shifts.get(finding.span, 0)
        if finding.end > shift:
            start = max(0, finding.start - shift)
            findings.append(_moved(finding, start, finding.end - shift) if shift else finding)
    return replace(result, findings=tuple(findings))


def _moved(finding: Finding, start: int, end: int) -> Finding:
    return replace(finding, start=start, end=end)


def _label(pointer: str) -> str:
    """The words of the last key in a JSON pointer; list positions are not keys."""
    while pointer:
        pointer, _, last = pointer.rpartition("/")
        if not last.isdigit():
            return words_of(last.replace("~1", "/").replace("~0", "~"))
    return ""


def words_of(key: str) -> str:
    """The words of a key or a column's header: `dateOfBirth` and `date_of_birth` are `date of birth`."""
    return _HUMP.sub(" ", key)[:64].strip()
