"""Checksums by name, for recognizers that people write. Each takes digits and capital letters, nothing else. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

_ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ*"
_DAMM: Final = (
    (0, 3, 1, 7, 5, 9, 8, 6, 4, 2), (7, 0, 9, 2, 1, 5, 4, 8, 6, 3), (4, 2, 0, 6, 8, 7, 1, 3, 5, 9),
    (1, 7, 5, 0, 9, 8, 3, 4, 2, 6), (6, 1, 2, 3, 0, 4, 5, 9, 7, 8), (3, 6, 7, 4, 2, 0, 9, 5, 8, 1),
    (5, 8, 6, 9, 7, 2, 0, 1, 3, 4), (8, 9, 4, 5, 3, 6, 2, 0, 1, 7), (9, 4, 3, 8, 6, 1, 7, 2, 0, 5),
    (2, 5, 8, 1, 4, 3, 6, 7, 9, 0),
)  # fmt: skip
_TURN: Final = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)
"""The permutation of Verhoeff's scheme."""


def _digits(value: str) -> bool:
    return len(value) > 1 and value.isascii() and value.isdigit()


def luhn(value: str) -> bool:
    """ISO/IEC 7812-1: cards, IMEI, many customer numbers."""
    if not _digits(value):
        return False
    doubled = (int(char) * 2 for char in value[-2::-2])
    return (sum(map(int, value[-1::-2])) + sum(each - 9 if each > 9 else each for each in doubled)) % 10 == 0


def verhoeff(value: str) -> bool:
    """Verhoeff 1969, over the dihedral group of order ten."""
    if not _digits(value):
        return False
    check = 0
    for place, char in enumerate(reversed(value)):
        digit = int(char)
        for _ in range(place % 8):
            digit = _TURN[digit]
        check = _dihedral(check, digit)
    return check == 0


def _dihedral(left: int, right: int) -> int:
    if left < 5:
        return (left + right) % 5 if right < 5 else (left + right) % 5 + 5
    return (left - right) % 5 + 5 if right < 5 else (left - right) % 5


def damm(value: str) -> bool:
    """Damm 2004, over a quasigroup of order ten."""
    if not _digits(value):
        return False
    check = 0
    for char in value:
        check = _DAMM[check][int(char)]
    return check == 0


def ean(value: str) -> bool:
    """GS1: weights 1 and 3 from the right; EAN, GTIN, GLN, SSCC."""
    return _digits(value) and sum(int(c) * (3 if i % 2 else 1) for i, c in enumerate(reversed(value))) % 10 == 0


def isbn10(value: str) -> bool:
    """ISBN-10: weights 10 to 1 modulo 11, X is ten."""
    if len(value) != 10 or not value[:9].isdigit() or value[9] not in _ALPHABET[:10] + "X":
        return False
    return sum((10 if c == "X" else int(c)) * (10 - i) for i, c in enumerate(value)) % 11 == 0


def mod11(value: str) -> bool:
    """Weights 2 to 7, again and again, from the right; the last digit makes the sum a multiple of eleven, X is ten."""
    if len(value) < 2 or not value[:-1].isdigit() or value[-1] not in _ALPHABET[:10] + "X":
        return False
    total = sum(int(char) * (2 + place % 6) for place, char in enumerate(reversed(value[:-1])))
    return (total + (10 if value[-1] == "X" else int(value[-1]))) % 11 == 0


def mod97(value: str) -> bool:
    """ISO/IEC 7064 MOD 97-10: two check digits at the end, letters as 10 to 35; LEI, RF creditor references turned."""
    if len(value) < 3 or any(char not in _ALPHABET[:36] for char in value):
        return False
    return int("".join(str(_ALPHABET.index(char)) for char in value)) % 97 == 1


def iban(value: str) -> bool:
    """ISO 13616: MOD 97-10 with the first four characters moved to the end."""
    return len(value) > 6 and mod97(value[4:] + value[:4])


def _pure(value: str, modulus: int, radix: int, alphabet: str) -> bool:
    """ISO/IEC 7064, pure systems with one check character."""
    if len(value) < 2 or any(char not in alphabet for char in value):
        return False
    check = 0
    for char in value:
        check = (check * radix + _ALPHABET.index(char)) % modulus
    return check == 1


def mod11_2(value: str) -> bool:
    """ISO/IEC 7064 MOD 11-2: digits, X is ten; ORCID, ISNI."""
    if not value or not value[:-1].isdigit() or len(value) < 2 or value[-1] not in _ALPHABET[:10] + "X":
        return False
    check = 0
    for char in value[:-1]:
        check = (check + int(char)) * 2 % 11
    return (check + (10 if value[-1] == "X" else int(value[-1]))) % 11 == 1


def mod37_2(value: str) -> bool:
    """ISO/IEC 7064 MOD 37-2: letters and digits, * is 36."""
    return "*" not in value[:-1] and _pure(value, 37, 2, _ALPHABET)


def _hybrid(value: str, modulus: int, alphabet: str) -> bool:
    """ISO/IEC 7064, hybrid systems."""
    if len(value) < 2 or any(char not in alphabet for char in value):
        return False
    check = modulus
    for char in value[:-1]:
        check = ((check + alphabet.index(char)) % modulus or modulus) * 2 % (modulus + 1)
    return (check + alphabet.index(value[-1])) % modulus == 1


def mod11_10(value: str) -> bool:
    """ISO/IEC 7064 MOD 11,10: digits; German tax identification and VAT numbers."""
    return _hybrid(value, 10, _ALPHABET[:10])


def mod37_36(value: str) -> bool:
    """ISO/IEC 7064 MOD 37,36: letters and digits."""
    return _hybrid(value, 36, _ALPHABET[:36])


CHECKSUMS: Final[Mapping[str, Callable[[str], bool]]] = MappingProxyType(
    {
        "luhn": luhn, "verhoeff": verhoeff, "damm": damm, "ean": ean, "isbn10": isbn10, "iban": iban,
        "mod11": mod11, "mod97": mod97, "mod11_2": mod11_2, "mod11_10": mod11_10,
        "mod37_2": mod37_2, "mod37_36": mod37_36,
    }
)  # fmt: skip
"""Every checksum a recognizer can ask for."""

_WITH_LETTERS: Final = frozenset({"mod97", "iban", "mod37_2", "mod37_36"})


def passes(name: str, value: str) -> bool:
    """Whether the signs of `value` that the checksum `name` knows pass it; what stands between them is left out."""
    upper = value.upper()
    if name in _WITH_LETTERS:
        signs = "".join(char for char in upper if char in _ALPHABET)
    else:
        signs = "".join(char for char in upper if "0" <= char <= "9")
        if upper.endswith("X") and name in ("isbn10", "mod11", "mod11_2"):
            signs += "X"
    return CHECKSUMS[name](signs)
