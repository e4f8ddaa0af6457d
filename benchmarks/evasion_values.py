"""The values that the evasion set hides. Made up, with right checksums; tokens are put together at run time."""

from __future__ import annotations

import base64
import random
import string
from collections.abc import Callable
from dataclasses import dataclass

_ALNUM = string.ascii_letters + string.digits


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of value."""

    name: str
    make: Callable[[random.Random], str]
    shape: str
    """`mail`, `digits`, `mixed` (letters and digits without blanks that matter) or `block` (several lines)."""
    context: str = ""
    """Words that stand before the value, where it needs them."""


def _mail(rng: random.Random) -> str:
    first, last = rng.choice(("alice", "omar", "lena", "piotr")), rng.choice(("roe", "vogel", "nowak", "byrne"))
    return f"{first}.{last}{rng.randint(10, 99)}@{rng.choice(('corp', 'mail.corp', 'firma'))}.example"


def luhn(body: str) -> str:
    """`body` with its check digit behind it (ISO/IEC 7812-1)."""
    total = 0
    for place, char in enumerate(reversed(body)):
        value = int(char) * (1 if place % 2 else 2)
        total += value - 9 if value > 9 else value
    return body + str(-total % 10)


def _card(rng: random.Random) -> str:
    prefix = rng.choice(("4539", "4716", "5500", "5187", "6011"))
    return luhn(prefix + "".join(rng.choice(string.digits) for _ in range(11)))


def _grouped_card(rng: random.Random) -> str:
    number = _card(rng)
    return " ".join(number[at : at + 4] for at in range(0, 16, 4))


def _iban(rng: random.Random) -> str:
    country, size = rng.choice((("DE", 18), ("AT", 16), ("ES", 20), ("PL", 24)))
    body = "".join(rng.choice(string.digits) for _ in range(size))
    digits = "".join(str(int(char, 36)) for char in f"{body}{country}00")
    return f"{country}{98 - int(digits) % 97:02d}{body}"


def _phone(rng: random.Random) -> str:
    return f"+49 30 {rng.randint(200000, 899999)}{rng.randint(10, 99)}"


def _ssn(rng: random.Random) -> str:
    return f"{rng.randint(120, 660):03d}-{rng.randint(10, 99)}-{rng.randint(1000, 9999)}"


def _token(rng: random.Random) -> str:
    return "ghp" + "_" + "".join(rng.choice(_ALNUM) for _ in range(36))


def _cloud_key(rng: random.Random) -> str:
    return "AK" + "IA" + "".join(rng.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") for _ in range(16))


def _private_key(rng: random.Random) -> str:
    body = base64.b64encode(rng.randbytes(300)).decode()
    lines = "\n".join(body[at : at + 64] for at in range(0, len(body), 64))
    return f"-----BEGIN PRIVATE {'KEY'}-----\n{lines}\n-----END PRIVATE {'KEY'}-----"


KINDS = (
    Kind("e-mail", _mail, "mail"),
    Kind("card", _card, "digits"),
    Kind("grouped card", _grouped_card, "digits"),
    Kind("IBAN", _iban, "mixed"),
    Kind("phone", _phone, "digits", "phone "),
    Kind("SSN", _ssn, "digits", "SSN: "),
    Kind("token", _token, "mixed"),
    Kind("cloud key", _cloud_key, "mixed"),
    Kind("private key", _private_key, "block"),
)
