"""Ways of writing that a machine undoes, and some that a person has to think about."""

from __future__ import annotations

import base64
import binascii
import codecs
import gzip
import quopri
import zlib
from collections.abc import Callable
from urllib.parse import quote

from benchmarks.evasion_words import BEGIN, END, beside

type Change = Callable[[str], str]

_CODE = """
.- -... -.-. -.. . ..-. --. .... .. .--- -.- .-.. -- -. --- .--. --.- .-. ... - ..- ...- .-- -..- -.-- --..
----- .---- ..--- ...-- ....- ..... -.... --... ---.. ----. .-.-.- .--.-. -....- .-.-. ..--.-
"""
_MORSE = dict(
    zip(
        "abcdefghijklmnopqrstuvwxyz0123456789.@-+_",
        _CODE.split(),
        strict=True,
    )
)
_BRAILLE = dict(zip("abcdefghijklmnopqrstuvwxyz", "⠁⠃⠉⠙⠑⠋⠛⠓⠊⠚⠅⠇⠍⠝⠕⠏⠟⠗⠎⠞⠥⠧⠺⠭⠽⠵", strict=True)) | {
    "@": "⠈⠁",
    ".": "⠲",
    "-": "⠤",
    "+": "⠖",
    "_": "⠸⠤",
    " ": " ",
}
_BRAILLE |= {digit: "⠼" + _BRAILLE[letter] for digit, letter in zip("1234567890", "abcdefghij", strict=True)}


def b64(value: str) -> str:
    """Standard base64."""
    return base64.b64encode(value.encode()).decode()


def _sentence(change: Change) -> Change:
    return lambda value: change(f"please write to {value} today, thanks")


def _wrapped(change: Change, width: int) -> Change:
    def write(value: str) -> str:
        whole = change(f"some words before it, then {value} and some words behind it, to fill a few lines")
        return "\n" + "\n".join(whole[at : at + width] for at in range(0, len(whole), width)) + "\n"

    return write


def _hexes(join: str, before: str = "") -> Change:
    return lambda value: join.join(f"{before}{byte:02x}" for byte in value.encode())


def _uu(value: str) -> str:
    data = value.encode()
    lines = "".join(binascii.b2a_uu(data[at : at + 45]).decode() for at in range(0, len(data), 45))
    return f"\nbegin 644 x\n{BEGIN}{lines}{END}`\nend\n"


ONCE: dict[str, Change] = {
    "base64": b64,
    "base64 sentence": _sentence(b64),
    "base64 without padding": lambda value: b64(value).rstrip("="),
    "base64 URL-safe": lambda value: base64.urlsafe_b64encode(f"?>~{value}".encode()).decode(),
    "base64 wrapped": _wrapped(b64, 64),
    "base64 wrapped, indented": lambda value: _wrapped(b64, 60)(value).replace("\n", "\n    "),
    "base64 data URL": beside("data:text/plain;base64,", b64),
    "base64 of UTF-16": lambda value: base64.b64encode(value.encode("utf-16-le")).decode(),
    "base64 reversed": lambda value: b64(value[::-1]),
    "base32": lambda value: base64.b32encode(value.encode()).decode(),
    "base32 lower case": lambda value: base64.b32encode(value.encode()).decode().lower().rstrip("="),
    "ascii85": lambda value: base64.a85encode(value.encode()).decode(),
    "hex": lambda value: value.encode().hex(),
    "hex upper": lambda value: value.encode().hex().upper(),
    "hex of UTF-16": lambda value: value.encode("utf-16-be").hex(),
    "hex with blanks": _hexes(" "),
    "hex with colons": _hexes(":"),
    "hex 0x list": _hexes(", ", "0x"),
    "hex \\x": _hexes("", "\\x"),
    "hex in SQL": beside("0x", lambda value: value.encode().hex()),
    "decimal list": lambda value: ", ".join(str(byte) for byte in value.encode()),
    "decimal blanks": lambda value: " ".join(str(byte) for byte in value.encode()),
    "binary": lambda value: " ".join(f"{byte:08b}" for byte in value.encode()),
    "octal escapes": lambda value: "".join(f"\\{byte:03o}" for byte in value.encode()),
    "percent": lambda value: "".join(f"%{byte:02X}" for byte in value.encode()),
    "percent where needed": lambda value: quote(value, safe=""),
    "HTML decimal": lambda value: "".join(f"&#{ord(char)};" for char in value),
    "HTML hex": lambda value: "".join(f"&#x{ord(char):x};" for char in value),
    "HTML without semicolons": lambda value: "".join(f"&#{ord(char):07d}" for char in value),
    "\\u": lambda value: "".join(f"\\u{ord(char):04x}" for char in value),
    "\\U": lambda value: "".join(f"\\U{ord(char):08x}" for char in value),
    "\\u{}": lambda value: "".join(f"\\u{{{ord(char):x}}}" for char in value),
    "quoted-printable": lambda value: "".join(f"={byte:02X}" for byte in value.encode()),
    "quoted-printable lines": beside(
        "", lambda value: quopri.encodestring(("." * 60 + value).encode(), quotetabs=True).decode()[60:], "=20and more"
    ),
    "gzip in base64": lambda value: base64.b64encode(gzip.compress(value.encode(), mtime=0)).decode(),
    "zlib in base64": lambda value: base64.b64encode(zlib.compress(value.encode())).decode(),
    "gzip in hex": lambda value: gzip.compress(value.encode(), mtime=0).hex(),
    "uuencode": _uu,
}
TWICE: dict[str, Change] = {
    "base64 twice": lambda value: b64(b64(value)),
    "hex in base64": lambda value: b64(value.encode().hex()),
    "base64 in hex": lambda value: b64(value).encode().hex(),
    "base32 in base64": lambda value: b64(base64.b32encode(value.encode()).decode()),
    "percent in base64": lambda value: b64("".join(f"%{byte:02x}" for byte in value.encode())),
    "base64 in percent": lambda value: quote("".join(f"%{byte:02x}" for byte in b64(value).encode())),
    "HTML in JSON": lambda value: "".join(f"\\u0026#{ord(char)};" for char in value),
    "base64 in quotes and plus": lambda value: '" + "'.join(b64(value)[at : at + 12] for at in range(0, 400, 12)),
    "base64 with zero-width": lambda value: "\u200b".join(b64(value)),
    "gzip, base64, base64": lambda value: b64(base64.b64encode(gzip.compress(value.encode(), mtime=0)).decode()),
    "blanks, then base64": lambda value: b64(" ".join(value)),
    "tags in percent": lambda value: quote(f"{value[:4]}<i></i>{value[4:]}", safe=""),
    "full width, then percent": lambda value: quote("".join(chr(ord(char) + 0xFEE0) for char in value)),
}
CIPHERS: dict[str, Change] = {
    "rot13": lambda value: codecs.encode(value, "rot13"),
    "rot13 sentence": beside("guvf vf gur bar gung lbh unir gb hfr: ", lambda value: codecs.encode(value, "rot13")),
    "reversed": lambda value: value[::-1],
    "reversed, said so": beside("reversed: ", lambda value: value[::-1]),
    "Morse": lambda value: " ".join(_MORSE[char] for char in value.lower() if char != " "),
    "Braille": lambda value: "".join(_BRAILLE[char] for char in value.lower()),
    "regional indicators": lambda value: "".join(
        chr(0x1F1E6 + ord(char) - 97) if "a" <= char <= "z" else char for char in value.lower()
    ),
    "unknown blob": lambda value: base64.b64encode(
        bytes(byte ^ 0xA7 ^ at * 31 & 255 for at, byte in enumerate((value * 12).encode()))
    ).decode(),
}
