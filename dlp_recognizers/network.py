"""Network addresses: which machine, and so whose."""

from __future__ import annotations

import ipaddress

from dlp_recognizers.boundaries import alone, digits
from dlp_recognizers.linear import LinearRecognizer, Near, Shape, Verdict
from dlp_recognizers.page import Page

_IP_WORDS = Near(
    r"\b(?:ip|ipv4|ipv6|address|addr|host|server|client|from|ping|dns|gateway|peer|subnet|inet)\b", before=30
)
_VERSION = Near(
    r"(?:\b(?:version|ver|v|released?|revision|rev|build|firmware|section|chapter|rfc)[\s:=.]*|(?:[=~<>!]=|[~^])\s?|[a-z][/@_-])$",
    before=14,
    after=0,
)
_MAC_WORDS = Near(r"\b(?:mac|ethernet|hardware|physical|bssid|wlan|wifi|hwaddr|ether)\b")


def _ipv4(page: Page, start: int, end: int) -> Verdict:
    if end - start > 15:
        return None
    text = page.text[start:end]
    if not alone(page, start, end) and not (
        page.char(end) == "/" or page.char(end) == ":" or page.char(start - 1) in ":/,"
    ):
        return None
    left, right = page.char(start - 1), page.char(end)
    if (
        left.isalnum()
        or left in "_."
        or right.isalnum()
        or right == "_"
        or (right in ".-" and page.char(end + 1).isdigit())
    ):
        return None
    if (left == "-" and page.char(start - 2).isalnum()) or _VERSION(page, start, start):
        return None
    parts = text.split(".")
    if (
        len(parts) != 4
        or any(len(part) > 1 and part[0] == "0" for part in parts)
        or any(int(part) > 255 for part in parts)
    ):
        return None
    octets = [int(part) for part in parts]
    if octets[0] in {0, 127, 255} or octets[0] >= 224 or octets[1:] == [0, 0, 0]:
        return None
    # Small figures are a section, a version or an object identifier (2.5.4.49) as often.
    if (max(octets) < 10 or (octets[0] < 4 and max(octets) < 64)) and not _IP_WORDS(page, start, end):
        return None
    return (start, end, 0.8)


def _ipv6(page: Page, start: int, end: int) -> Verdict:
    text = page.text[start:end]
    if (
        page.char(start - 1).isalnum()
        or page.char(start - 1) in "_.:"
        or page.char(end).isalnum()
        or page.char(end) in "_:"
    ):
        return None
    if text.endswith(":") and not text.endswith("::"):
        text, end = text[:-1], end - 1
    if "::" not in text and text.count(":") != 7:
        return None  # a time of day, mostly: most of what looks like one is no address
    try:
        address = ipaddress.IPv6Address(text)
    except ValueError:
        return None
    first = text.split(":", 1)[0]
    if address.is_loopback or address.is_unspecified or len(first) < 3 or not any(char.isdigit() for char in first):
        return None
    return (start, end, 0.8)


def _mac(page: Page, start: int, end: int) -> Verdict:
    text = page.text[start:end]
    if (
        page.char(start - 1) in ":-"
        or page.char(end) in ":-"
        or page.char(end).isalnum()
        or page.char(start - 1).isalnum()
    ):
        return None
    pairs = set(digits(text.lower())) | {char for char in text.lower() if char.isalpha()}
    if len(pairs) < 3:
        return None
    has_letter = any(char.isalpha() for char in text)
    if (":" in text or has_letter) and not ("." in text and not (has_letter and digits(text))):
        return (start, end, 0.8)
    return (start, end, 0.7) if _MAC_WORDS(page, start, end) else None


def recognizers() -> list[LinearRecognizer]:
    """The recognizers of this module."""
    return [
        LinearRecognizer(
            "IP_ADDRESS",
            [
                Shape("v4", r"(?:[0-9]{1,3}\.){3,}[0-9]{1,3}", judge=_ipv4, gate=r"[0-9]\.[0-9]{1,3}\.[0-9]"),
                Shape(
                    "v6",
                    r"[0-9A-Fa-f]{3,4}:[0-9A-Fa-f:]{1,38}[0-9A-Fa-f:]",
                    judge=_ipv6,
                    retry=True,
                    gate=r"[0-9A-Fa-f]{3,4}:[0-9A-Fa-f:]",
                ),
            ],
            name="ip",
        ),
        LinearRecognizer(
            "MAC_ADDRESS",
            [
                Shape(
                    "pairs",
                    r"\b[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){5}\b|\b[0-9A-Fa-f]{2}(?:-[0-9A-Fa-f]{2}){5}\b",
                    judge=_mac,
                    gate=r"[0-9A-Fa-f]{2}[:-][0-9A-Fa-f]{2}[:-][0-9A-Fa-f]{2}[:-]",
                ),
                Shape("quads", r"\b[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\b", judge=_mac),
            ],
            name="mac",
        ),
    ]
