"""Passwords and keys that an assignment gives away: `password = "..."`, `API_KEY: ...`, "my password is ..."."""

from __future__ import annotations

import re2

from dlp_recognizers.linear import LinearRecognizer, Shape, Verdict
from dlp_recognizers.page import Page
from dlp_recognizers.randomness import passwordish, placeholder, random_token

_QUOTES = "\"'`"
_NEXT_PARAMETER = re2.compile(r"&[A-Za-z_.-]+=")
_LABELLED_VALUE = 200
_OTHER_PASS = ("com", "tres", "sur", "by", "over")
_PAGES = ("next", "page", "continuation", "cursor", "sync", "change", "idempotency", "marker")
"""What makes a token a place in a list."""
_NEVER = ("\x00",)


def _assignment(page: Page, start: int, end: int) -> Verdict:
    """`password = "..."` and its kin. The match ends where the value begins."""
    label = page.text[start:end].lower()
    before = page.text[max(0, start - 14) : start].lower().rstrip("_- ")
    if before.endswith(_OTHER_PASS if label.startswith("pass") else _PAGES if label.startswith("token") else _NEVER):
        return None
    quote = page.char(end)
    quoted = quote in _QUOTES
    if quoted and page.text[end : end + 3] == quote * 3:
        end += 2
    if quote == "\\" and page.char(end + 1) in _QUOTES:
        quoted, quote, end = True, page.char(end + 1), end + 1
    low = end + 1 if quoted else end
    window = page.text[low : low + _LABELLED_VALUE]
    if quoted:
        high = min((place for place in (window.find(quote), window.find("\\" + quote)) if place >= 0), default=-1)
        value = window[:high] if high >= 0 else ""
    else:
        value = bare_value(window)
    if not value or (label.rstrip().endswith(">") and "<" in label and page.char(low + len(value)) != "<"):
        return None
    if placeholder(value) or "\n" in value:
        return None
    says_password = any(word in label for word in ("pass", "pwd", "kennwort", "contrase", "senha", "mot de"))
    good = is_password(value, quoted=quoted, label=label) if says_password else is_key(value, quoted=quoted)
    return (low, low + len(value), 0.8 if says_password else 0.75) if good else None


def bare_value(window: str) -> str:
    """The value without quotes that `window` begins with."""
    size = 0
    while size < len(window) and window[size] not in " \t\r\n\"'`,;<>|":
        size += 1
    value = window[:size]
    query = _NEXT_PARAMETER.search(value)
    if query is not None:
        value = value[: query.start()]
    while value and value[-1] in ".:)]}" and not ("(" in value and value[-1] == ")"):
        value = value[:-1]
    return value


def is_password(value: str, *, quoted: bool, label: str) -> bool:
    """Whether `value`, behind a `label` in lower case, is a password and no code, type or word."""
    if len(value) < 4 or (" " in value.strip() and not quoted):
        return False
    if quoted:
        if value.count(" ") > 3 or value.startswith(("/", "./", "http")) or "%(" in value or "{" in value:
            return False
        if len(value) >= 40 and not random_token(value):
            return False
        return passwordish(value) or (value.isalpha() and value.islower() and len(value) >= 6 and _says_password(label))
    if _codelike(value) or len(value) < 5:
        return False
    if passwordish(value) or (value.isalpha() and len(value) >= 16 and _says_password(label)):
        return True
    mixed = value != value.lower() and value != value.upper() and not value.replace("_", "").isalpha()
    return mixed and len(value) >= 8 and " is " not in label


def _says_password(label: str) -> bool:
    """Whether the label ends in a word for password itself, not in a longer name (`password_field`)."""
    return label.rstrip("\"'` \t:=>*]\\").endswith(("password", "passwd", "passwort", "kennwort", "pwd", "passphrase"))


def _codelike(value: str) -> bool:
    """A call, an index, an attribute, a type: what stands behind `=` in source code."""
    if any(sign in value for sign in ("(", "[", "::", "->", "=>", "{", "}", "]")):
        return True
    head, dot, tail = value.partition(".")
    return (
        bool(dot)
        and head.isidentifier()
        and tail[:1].isalpha()
        and all(part.isidentifier() for part in tail.split("."))
    )


def is_key(value: str, *, quoted: bool) -> bool:
    """Whether `value` is a generated key and no code, path or name."""
    if (
        len(value) < 12
        or " " in value
        or value.startswith(("/", "./", "http:", "https:"))
        or (_codelike(value) and not quoted)
    ):
        return False
    if value.count("_") + value.count("-") + value.count(".") > len(value) // 5 and not random_token(value, bits=3.8):
        return False
    return random_token(value) and sum(map(str.isdigit, value)) >= 2


def _user_option(page: Page, start: int, end: int) -> Verdict:
    text = page.text[start:end]
    low = start + max(text.rfind(" "), text.rfind("'"), text.rfind('"')) + 1
    password = page.text[low:end].partition(":")[2]
    return None if placeholder(password) else (low, end, 0.8)


def _option(page: Page, start: int, end: int) -> Verdict:
    text = page.text[start:end]
    low = start + max(text.rfind(sign) for sign in " ='\"") + 1
    value = page.text[low:end]
    good = value and not placeholder(value) and not _codelike(value) and passwordish(value) and "/" not in value
    return (low, end, 0.7) if good else None


_LABELS = (
    r"(?:pass(?:word|wd|phrase|code)|passwort|kennwort|pwd|contrase\xf1a|senha|mot de passe|secret|token|"
    r"api[ _-]?key|access[ _-]?key(?:[ _-]?id)?|account[ _-]?key|auth[ _-]?key|"
    r"private[ _-]?key|signing[ _-]?key|encryption[ _-]?key|client[ _-]?secret|credentials?|secret[ _-]?key|"
    r"access[ _-]?token|auth[ _-]?token|bearer[ _-]?token|pass)"
)


def recognizers() -> list[LinearRecognizer]:
    """The recognizers of this module."""
    return [
        LinearRecognizer(
            "PASSWORD",
            [
                Shape(
                    "curl user",
                    r"(?i)\b(?:curl|wget|http)\b[^\n]{0,200} (?:-u|--user)[ =]?[\x22']?[^\s:\x22'$]+:[^\s\x22'$]{3,}",
                    judge=_user_option,
                    gate=r"(?i) (?:-u|--user)[ =]?[^ ]",
                ),
                Shape(
                    "option",
                    (
                        r"(?i) --?(?:[a-z-]{0,20}password|passwd|pass|token|secret|api-?key|"
                        r"[a-z-]{0,20}-token)[ =][\x22']?[^\s\x22'-][^\s\x22']{4,}"
                    ),
                    judge=_option,
                    gate=f"(?i){_LABELS}",
                ),
                Shape(
                    "element",
                    rf"(?i)<[a-z:_.-]{{0,20}}{_LABELS}[a-z0-9_]{{0,12}}>\s{{0,3}}",
                    judge=_assignment,
                    gate=f"(?i){_LABELS}",
                ),
                Shape(
                    "assignment",
                    (
                        rf"(?i){_LABELS}[a-z0-9_]{{0,12}}(?:\\?[\x22'`\]*]){{0,3}}\s{{0,3}}(?::=|=>|={{1,3}}|:|"
                        rf"\bis\b:?|\blautet\b:?|\best\b:?|\bes\b:?)\s{{0,3}}"
                    ),
                    judge=_assignment,
                    gate=f"(?i){_LABELS}",
                ),
            ],
            name="password-assignment",
        ),
    ]
