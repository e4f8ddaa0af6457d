"""Document markings: the classification that an author wrote down. They raise a level and are never redacted."""

from __future__ import annotations

from dlp_recognizers.linear import LinearRecognizer, Shape, Verdict
from dlp_recognizers.page import Page

_WORDS = {
    "MARKING_PUBLIC": (
        (
            r"public(?: information| document| release)?|for public release|unclassified|\xf6ffentlich|"
            r"publique?|p\xfablico|pubblico"
        ),
        r"CLEAR|WHITE",
    ),
    "MARKING_INTERNAL": (
        r"internal|internal (?:use )?only|(?:for )?internal use(?: only)?|company internal|intern|"
        r"nur f\xfcr den (?:internen )?(?:dienst)?gebrauch|nur f\xfcr den internen gebrauch|"
        r"interne|usage interne|diffusion interne|uso interno|not for external (?:use|distribution)",
        r"GREEN",
    ),
    "MARKING_CONFIDENTIAL": (
        (
            r"confidential|(?:company|business|commercial|client|customer)(?:[ -]in)?[ -]confiden(?:tial|ce)|"
            r"(?:private|proprietary) (?:and|&) confidential|confidential (?:and|&) (?:proprietary|privileged)|"
            r"privileged (?:and|&) confidential|confidential information|confidential document|nda|under nda|"
            r"vertraulich|firmenvertraulich|confidentiel|confidencial|riservato|confidenziale|vertrouwelijk"
        ),
        r"AMBER(?:\+STRICT)?",
    ),
    "MARKING_RESTRICTED": (
        (
            r"restricted|highly (?:confidential|restricted)|strictly (?:private (?:and|&) )?confidential|"
            r"top secret|secret|eyes only|for your eyes only|need[ -]to[ -]know(?: only)?|streng vertraulich|"
            r"geheim|streng geheim|"
            r"strictement confidentiel|tr\xe8s confidentiel|secret d\xe9fense|estrictamente confidencial|"
            r"strettamente riservato|strikt vertrouwelijk"
        ),
        r"RED",
    ),
}
_PHRASES = {
    "MARKING_INTERNAL": (
        r"\bfor internal use only\b|\binternal use only\b|\bnur f\xfcr den internen gebrauch\b|"
        r"\bnicht zur weitergabe\b|\bnot for external distribution\b"
    ),
    "MARKING_CONFIDENTIAL": (
        r"\bcompany[ -]confidential\b|\bcommercial[ -]in[ -]confidence\b|\bprivate (?:and|&) confidential\b|"
        r"\bconfidential (?:and|&) proprietary\b|\bprivileged (?:and|&) confidential\b"
    ),
}
_TITLES = {
    "MARKING_CONFIDENTIAL": (
        r"confidential|company[ -]confidential|private (?:and|&) confidential|vertraulich|confidentiel"
    ),
    "MARKING_RESTRICTED": r"(?:strictly|highly) confidential|top secret|streng vertraulich|strictement confidentiel",
}
_LABEL = (
    r"(?:(?:data |document |information |security |sensitivity )?classification(?: level)?|"
    r"sensitivity(?: label| level)?|confidentiality(?: level)?|security (?:level|label|marking)|"
    r"(?:protective )?marking|vertraulichkeit(?:sstufe)?|klassifizierung|schutzklasse|einstufung|"
    r"classification de s\xe9curit\xe9|confidentialit\xe9|clasificaci\xf3n|x-classification|data-class)"
)
_STATES = (
    r"(?:classified|marked|labell?ed|designated|treated|eingestuft|gekennzeichnet)(?: (?:strictly|as|it|als|"
    r"under|is)){0,2}"
)
_DECORATION = r"[ \t>*_#=\-\[\](){}<|~!/\x22'\xa0\xab\xbb\x96\x97\xb7?]{0,40}"


def _label_value(page: Page, start: int, end: int) -> Verdict:
    return None if page.char(end).isalnum() or page.char(end) == "_" else (start, end, 0.9)


def _shout(page: Page, start: int, end: int) -> Verdict:
    """A line that begins with the marking in capitals, then a stop: `CONFIDENTIAL - board minutes`."""
    low, high = _core(page, start, end)
    # One word in capitals with a colon is a log level, a status or a setting as often (`INTERNAL:`, `SECRET: value`).
    return None if page.text[low:high] in {"SECRET", "INTERNAL", "INTERN", "INTERNE", "NDA"} else (low, high, 0.8)


def _title(page: Page, start: int, end: int) -> Verdict:
    """The same in title case, for the words that nothing else begins with."""
    low, high = _core(page, start, end)
    return (low, high, 0.7) if page.text[low].isupper() else None


def _core(page: Page, start: int, end: int) -> tuple[int, int]:
    while start < end and not page.text[start].isalnum():
        start += 1
    while end > start and not page.text[end - 1].isalnum():
        end -= 1
    return start, end


_LEAD = _DECORATION.rpartition("{")[0] + "*"
"""The same without a bound, for gates: an automaton has to count a bound."""
_COMMON = frozenset({"internal", "public", "intern", "interne", "restricted", "nda", "publique", "unclassified"})


def _line(page: Page, start: int, end: int) -> Verdict:
    """A line that holds nothing but the marking."""
    low, high = _core(page, start, end)
    word = page.text[low:high]
    if " " in word or "-" in word:
        return (low, high, 0.85)
    if word.lower() == "secret":
        return (low, high, 0.8 if word.isupper() else 0.4)
    if word != word.lower():
        return (low, high, 0.85)
    # A word of its own in lower case is as often part of a list or of code: then only as a header or footer.
    if word in _COMMON:
        return (low, high, 0.4)
    at_margin = not page.text[max(0, start - 3) : low].strip(" \n*[(=_") or not page.text[high : end + 3].strip(
        " \n.*])=_"
    )
    return (low, high, 0.6 if at_margin and (start == 0 or end >= len(page.text) - 1) else 0.4)


def recognizers() -> list[LinearRecognizer]:
    """One recognizer for each level."""
    made = []
    for entity, (words, colours) in _WORDS.items():
        shapes = [
            Shape("tlp", rf"(?i)\bTLP ?[:_-] ?(?:{colours})\b", judge=_tlp, gate=r"(?i)\bTLP ?[:_-]"),
            Shape(
                "line",
                rf"(?im)^{_DECORATION}(?:{words}){_DECORATION}[.:]?{_DECORATION}\r?$",
                judge=_line,
                gate=rf"(?im)^{_LEAD}(?:{words})",
            ),
            Shape(
                "label",
                rf"(?i)\b{_LABEL}[\x22'*_]{{0,3}} ?(?:[:=]|\bis\b|->)[\x22'*_\[ ]{{0,5}}(?:{words})\b",
                judge=_label_value,
                gate=rf"(?i)\b{_LABEL}",
            ),
            Shape(
                "stated",
                rf"(?i)\b{_STATES} [\x22'*_\[]{{0,3}}(?:{words})\b",
                judge=_label_value,
                gate=rf"(?i)\b{_STATES} ",
            ),
            Shape(
                "label metadata",
                rf"(?i)MSIP_Label_[0-9a-f-]{{8,40}}_Name[\x22']? ?[:=>] ?[\x22']?(?:{words})\b",
                0.9,
                gate="(?i)MSIP_Label_",
            ),
        ]
        if entity != "MARKING_PUBLIC":
            shapes += [
                Shape(
                    "shout",
                    rf"(?m)^{_DECORATION}(?:{_upper(words)})(?: ?[:.|\x96\x97?]| [-\x96\x97?]{{1,2}} |[\])*]{{1,2}})",
                    judge=_shout,
                    gate=rf"(?m)^{_LEAD}(?:{_upper(words)})",
                ),
                Shape("bracket", rf"(?i)[\[(]{{1,2}}(?:{words})[\])]{{1,2}}", judge=_bracket),
            ]
        if entity in _TITLES:
            shapes.append(
                Shape(
                    "title",
                    rf"(?im)^{_DECORATION}(?:{_TITLES[entity]})(?: ?:|\.? [-\x96\x97?]{{1,2}}) ",
                    judge=_title,
                    gate=rf"(?im)^{_LEAD}(?:{_TITLES[entity]})",
                )
            )
        if entity in _PHRASES:
            shapes.append(Shape("phrase", rf"(?i){_PHRASES[entity]}", judge=_phrase))
        made.append(LinearRecognizer(entity, shapes, name=entity.lower().replace("_", "-")))
    return made


def _tlp(page: Page, start: int, end: int) -> Verdict:
    text = page.text[start:end].upper()
    if text.endswith("AMBER") and page.text[end : end + 7].upper() == "+STRICT":
        end += 7
    return (start, end, 0.95)


def _phrase(page: Page, start: int, end: int) -> Verdict:
    """A phrase inside a line: of a document if the line is short or says so; of a comment in code otherwise."""
    low, high = page.line(start)
    around = page.text[low:high].lower()
    told = any(word in around for word in ("document", "information", "report", "memo", "file is", "page", "slide"))
    return (start, end, 0.75 if told or high - low <= (end - start) + 24 else 0.4)


def _bracket(page: Page, start: int, end: int) -> Verdict:
    inner = page.text[start:end].strip("[]()")
    line_start, _ = page.line(start)
    heading = page.text[line_start:start].strip(" \t#*>") == ""
    return (start, end, 0.8) if heading or (inner.isupper() and page.text[start] == "[") else (start, end, 0.4)


def _upper(words: str) -> str:
    """The alternatives in capitals, escapes and group syntax left alone."""
    out, index = [], 0
    while index < len(words):
        if words[index] == "\\":
            out.append(chr(int(words[index + 2 : index + 4], 16)).upper())
            index += 4
        else:
            out.append(words[index].upper())
            index += 1
    return "".join(out)
