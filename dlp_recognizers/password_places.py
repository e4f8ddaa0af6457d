"""Passwords that no assignment gives away: commands, SQL, a container's environment, table cells, other languages."""

from __future__ import annotations

from typing import Final

from dlp_recognizers.assignments import bare_value, is_key, is_password
from dlp_recognizers.financial import luhn
from dlp_recognizers.linear import Judge, LinearRecognizer, Shape, Verdict
from dlp_recognizers.page import Page
from dlp_recognizers.randomness import placeholder, random_token

_WINDOW: Final = 128
_OTHER_SCRIPTS: Final = (
    "пароль", "парола", "лозинка", "κωδικός", "hasło", "şifre", "密码", "密碼", "口令", "パスワード", "暗証番号",
    "비밀번호", "암호", "סיסמה",
)  # fmt: skip
"""Words for password in letters that Latin-1 lacks; a page shows each such letter as y with diaeresis."""
_KEYS: Final = ("key", "token", "secret")


def _value(page: Page, low: int) -> tuple[int, str, bool]:
    """Where the value at `low` begins, the value (empty: none), and whether it stands in quotes."""
    quote = page.char(low)
    if quote not in "\"'`":
        return low, bare_value(page.text[low : low + _WINDOW]), False
    window = page.text[low + 1 : low + 1 + _WINDOW]
    return low + 1, window[: max(0, window.find(quote))], True


def _kinds(value: str) -> int:
    """How many of lower case, upper case, digits and signs `value` has."""
    tests = (str.islower, str.isupper, str.isdigit)
    return sum(any(map(test, value)) for test in tests) + (not value.isalnum())


def _password(*, kinds: int = 2) -> Judge:
    """The value behind a match, if it is a password; in quotes, what is none but for its place counts too."""

    def judge(page: Page, start: int, end: int) -> Verdict:
        low, value, quoted = _value(page, end)
        if not value or placeholder(value) or value[0] in "/$<-%{" or "\n" in value:
            return None
        if not is_password(value, quoted=quoted, label="password") or (not quoted and _kinds(value) < kinds):
            return None
        return low, low + len(value), 0.75

    return judge


_ANY: Final = _password()


def _other_script(page: Page, start: int, end: int) -> Verdict:
    word = page.text[start:end].rstrip(" \t\"'=:：").lower()
    behind = page.char(end)
    return _ANY(page, start, end) if behind.isascii() and word.endswith(_OTHER_SCRIPTS) else None


def _environment(page: Page, start: int, end: int) -> Verdict:
    name = page.text[start:end].lower().partition("value")[0].rstrip(" \t\r\n\"',")
    if not name.endswith(_KEYS):
        return _ANY(page, start, end)
    low, value, quoted = _value(page, end)
    good = value and not placeholder(value) and is_key(value, quoted=quoted)
    return (low, low + len(value), 0.75) if good else None


def _pair(page: Page, start: int, end: int) -> Verdict:
    low = end - 40
    whole = not page.char(end).isalnum() and page.char(end) not in "/+="
    return (low, end, 0.9) if whole and random_token(page.text[low:end], bits=3.8) else None


def _track(page: Page, start: int, end: int) -> Verdict:
    low, high = start + 2, end - 1
    return (low, high, 1.0) if luhn(page.text[low:high]) else None


_COMMANDS: Final = (
    r"(?:\b(?:mysql|mysqldump|mysqladmin|mariadb|mariadb-dump)\b[^\n|;&]{0,120} -p"
    r"|\bsshpass -p ?"
    r"|\b(?:docker|podman|helm|oc|az|cf)\b[^\n|;&]{0,40}\blogin\b[^\n|;&]{0,120} -p ?"
    r"|\b(?i:setx|env|set)[ \t]+[A-Za-z0-9_]{0,40}(?i:PASS(?:WORD|WD)?|PWD)[ \t]+"
    r"|\bnet use\b[^\n]{0,120}/user:[^\s]{1,60}[ \t]+"
    r"|(?:^|\n)[A-Za-z0-9.*-]{1,80}:(?:5432|\*):[^:\s]{1,60}:[^:\s]{1,60}:)"
)


def recognizers() -> list[LinearRecognizer]:
    """The recognizers of this module."""
    return [
        LinearRecognizer(
            "PASSWORD",
            [
                Shape("command", _COMMANDS, judge=_ANY),
                Shape(
                    "sql",
                    r"(?i)\b(?:identified\s{1,3}(?:with\s{1,3}\S{1,40}\s{1,3})?by|password)\s{1,3}'",
                    judge=lambda page, start, end: _ANY(page, start, end - 1),
                ),
                Shape(
                    "container environment",
                    r"(?i)\bname[\x22']?\s{0,3}:\s{0,3}[\x22']?[a-z0-9_.-]{0,40}(?:password|passwd|passphrase|pass|pwd|"
                    r"secret|token|key)[\x22']?,?\s{1,40}[\x22']?value[\x22']?\s{0,3}:\s{0,3}",
                    judge=_environment,
                ),
                Shape(
                    "cell",
                    r"(?i)(?:\||^|\n|\t)[ *`]{0,20}(?:password|passwd|passwort|kennwort|pwd|pw|mot de passe)[ *`]{0,20}"
                    r"[|\t][ *`]{0,20}",
                    judge=_password(kinds=3),
                ),
                Shape(
                    "of something",
                    r"(?i)\b(?:password|passwort|kennwort|passphrase|pw|pwd)[ ]"
                    r"(?:for|to|of|on|in|at|von|f\xfcr|auf|zu[mr]?)[ ]"
                    r"[^\n:=]{1,40}?(?:[ ](?:is|was|ist|lautet)|:)[ ]{1,2}",
                    judge=_password(kinds=3),
                ),
                Shape("short label", r"(?i)(?:\b|_)(?:pw|psk)[\x22']?\s{0,3}[:=]\s{0,3}", judge=_password(kinds=3)),
                Shape(
                    "other language",
                    r"(?i)\b(?:wachtwoord|passord|l\xf6senord|adgangskode|salasana|heslo|parola|jelsz\xf3|lozinka)"
                    r"[\x22']?\s{0,3}[:=]\s{0,3}",
                    judge=_ANY,
                ),
                Shape(
                    "other script", r"[a-zA-Z]{0,3}\xff[\xffa-z]{1,8}[\x22']?\s{0,2}[:=?]\s{0,3}", judge=_other_script
                ),
            ],
            name="password-place",
        ),
        LinearRecognizer(
            "CLOUD_CREDENTIAL",
            [Shape("pair", r"\b(?:AKIA|ASIA)[A-Z0-9]{16}[\s\x22',:;|]{1,8}[A-Za-z0-9/+]{40}", judge=_pair)],
            name="aws-pair",
        ),
        LinearRecognizer("CREDIT_CARD", [Shape("track", r"%[Bb][0-9]{12,19}\^", judge=_track)], name="card-track"),
    ]
