"""Where something is: coordinates of a place, and machines of an internal network."""

from __future__ import annotations

from dlp_recognizers.linear import LinearRecognizer, Near, Shape, Verdict, compiled
from dlp_recognizers.page import Page

_PAIR = compiled(r"[+-]?[0-9]{1,3}\.[0-9]+")
_WORDS = Near(
    r"\b(?:gps|coord|koordinat|lat\b|latitude|lon\b|lng\b|longitude|location|position|standort|ort\b|lieu|ubicaci|"
    r"posizione|locatie|localiza|wsp|plats|sted|sijainti|address|home|wohn|lives?)",
    before=48,
    after=8,
)


def _pair(page: Page, start: int, end: int) -> Verdict:
    """Two decimals that can be a latitude and a longitude, with a word or at least five decimals each."""
    first = _PAIR.search(page.data, start, end)
    second = None if first is None else _PAIR.search(page.data, first.end(), end)
    if first is None or second is None:
        return None
    left, right = first.group().decode(), second.group().decode()
    if (
        abs(float(left)) > 90
        or abs(float(right)) > 180
        or page.char(start - 1) in ".0123456789"
        or page.char(end).isdigit()
    ):
        return None
    precise = len(left.partition(".")[2]) >= 3 and len(right.partition(".")[2]) >= 3
    return (start, end, 0.8) if precise and _WORDS(page, start, end) else None


def _geo(page: Page, start: int, end: int) -> Verdict:
    return (start, end, 0.9)


def _labelled(page: Page, start: int, end: int) -> Verdict:
    return (start, end, 0.8)


def _host(page: Page, start: int, end: int) -> Verdict:
    """A name in a zone that only an internal network has, and not an attribute in source code."""
    text = page.text[start:end]
    labels = text.split(".")
    if page.char(start - 1) in "._$@/\\" and not page.text[max(0, start - 3) : start].endswith("://"):
        return None
    if page.char(end) in "(_[=" or page.char(end).isalnum() or (page.char(end) == "." and page.char(end + 1).isalpha()):
        return None
    # `local` and `internal` end many a dotted name in code; other zones do not.
    attribute = labels[-1].lower() in {"local", "internal", "private", "intern"} and "cluster" not in labels
    address = any(char.isdigit() or char == "-" for char in labels[0]) or (len(labels) > 2 and not attribute)
    told = page.text[max(0, start - 3) : start].endswith("://") or page.char(end) == ":" or _HOST(page, start, end)
    if labels[0] in {"self", "this", "threading", "std", "java", "com", "org", "cls", "np", "tf"}:
        return None
    return (start, end, 0.7) if told or (address and text.lower() == text and "_" not in text) else None


_HOST = Near(
    r"\b(?:host(?:name)?|server|fqdn|dns|ssh|ping|node|machine|vm|rechner|serveur|servidor|database|intranet)\b",
    before=24,
    after=0,
)
_ZONES = r"(?:internal|intern|corp|lan|intra|intranet|localdomain|home\.arpa|svc\.cluster\.local|local|priv|private)"


def recognizers() -> list[LinearRecognizer]:
    """The recognizers of this module."""
    number = r"[+-]?[0-9]{1,3}\.[0-9]{1,15}"
    return [
        LinearRecognizer(
            "GPS_COORDINATES",
            [
                Shape("geo uri", rf"\bgeo:{number},{number}", judge=_geo, gate=r"\bgeo:"),
                Shape(
                    "pair",
                    rf"{number}\xb0? ?[NSns]?[,; /]{{1,3}}{number}\xb0? ?[EWew]?\b",
                    judge=_pair,
                    retry=True,
                    gate=r"[0-9]\.[0-9]{3}[0-9]*\xb0? ?[NSns]?[,; /]",
                ),
                Shape(
                    "latitude and longitude",
                    rf"(?i)\blat(?:itude)?[\x22']?\s?[:=]\s?[\x22']?{number}[\x22']?[,;&\s]{{1,12}}[\x22']?"
                    rf"l(?:on|ng|ong|ongitude)[\x22']?\s?[:=]\s?[\x22']?{number}",
                    judge=_labelled,
                    gate=r"(?i)\blat(?:itude)?[\x22']?\s?[:=]",
                ),
                Shape(
                    "degrees",
                    r"\b[0-9]{1,2}\xb0 ?[0-9]{1,2}['?\xb4] ?(?:[0-9]{1,2}(?:\.[0-9]{1,6})?(?:\x22|''|\?\??) ?)?[NS]"
                    r"[,; ]{1,3}[0-9]{1,3}\xb0 ?[0-9]{1,2}['?\xb4] ?"
                    r"(?:[0-9]{1,2}(?:\.[0-9]{1,6})?(?:\x22|''|\?\??) ?)?[EWO]\b",
                    0.85,
                    gate=r"\xb0 ?[0-9]{1,2}['?\xb4]",
                ),
            ],
            name="coordinates",
        ),
        LinearRecognizer(
            "INTERNAL_HOSTNAME",
            [
                Shape(
                    "zone",
                    rf"(?i)\b[a-z0-9](?:[a-z0-9-]{{0,62}}\.){{1,5}}{_ZONES}\b",
                    judge=_host,
                    gate=rf"(?i)[a-z0-9]\.{_ZONES}\b",
                )
            ],
            name="internal-host",
        ),
    ]
