"""Secrets: what lets its holder in somewhere."""

from __future__ import annotations

import base64
import binascii

import re2

from dlp_recognizers.linear import LinearRecognizer, Shape, Verdict, compiled
from dlp_recognizers.page import Page
from dlp_recognizers.randomness import entropy, passwordish, placeholder, random_token
from dlp_recognizers.secret_tokens import TOKENS

_QUOTES = "\"'`"


def _token(page: Page, start: int, end: int) -> Verdict:
    left = page.char(start - 1)
    value = page.text[start:end]
    if (left.isalnum() and value[0].isalnum()) or page.char(end).isalnum():
        return None
    body = value.rstrip("._-=")
    if "*" in body or "xxxx" in body.lower() or len(set(body)) < 10:
        return None
    return (start, start + len(body), 0.95) if any(map(str.isdigit, body)) and entropy(body) > 3.0 else None


def _weak_token(page: Page, start: int, end: int) -> Verdict:
    """A format with a short prefix: the body must also mix cases, as only generated strings do."""
    value = page.text[start:end]
    body = value.split("_", 1)[-1].split(".", 1)[-1]
    mixed = any(map(str.isupper, body)) and any(map(str.islower, body)) and sum(map(str.isdigit, body)) >= 2
    return _token(page, start, end) if mixed and entropy(body) > 3.5 else None


_WEAK = frozenset(
    {
        "crates.io",
        "fireworks",
        "vault old",
        "dropbox",
        "okta",
        "llmgw-like bearer",
        "intercom or facebook",
        "nuget",
        "discord bot",
    }
)


_PEM_END = compiled(r"-----END [A-Z0-9 ]{0,40}-----")
_PEM_BODY = compiled(r"(?:[A-Za-z0-9+/=_-]{16,}|[A-Za-z0-9+/=]{4,})(?:\s|\\[nr]|[\"'+,])*")


def _private_key(page: Page, start: int, end: int) -> Verdict:
    """The whole block to its END line, or to the text's end: half a key is a key."""
    body = page.text[end : end + 400]
    letters = sum(char.isalnum() for char in body)
    if letters < 16 or " " in body.strip()[:24].replace(": ", "") and ":" not in body[:60]:
        return None
    closing = _PEM_END.search(page.data, end)
    return (start, len(page.text) if closing is None else closing.end(), 1.0)


def _putty(page: Page, start: int, end: int) -> Verdict:
    private = page.text.find("Private-Lines:", end, end + 4000)
    if private < 0:
        return None
    closing = _PUTTY_END.search(page.data, private, min(len(page.data), private + 8000))
    return (start, len(page.text) if closing is None else closing.end(), 1.0)


_PUTTY_END = compiled(r"Private-MAC: ?[0-9a-f]{40,64}")


def _jwt(page: Page, start: int, end: int) -> Verdict:
    header = page.text[start:end].split(".", 1)[0]
    try:
        decoded = base64.urlsafe_b64decode(header + "=" * (-len(header) % 4))
    except (ValueError, binascii.Error):
        return None
    return (start, end, 0.95) if decoded[:1] == b"{" and b'"' in decoded else None


def _url_secret(page: Page, start: int, end: int) -> tuple[str, str] | None:
    text = page.text[start:end]
    rest = text.split("://", 1)[1]
    userinfo, _, host = rest.rpartition("@")
    user, _, password = userinfo.partition(":")
    if not password or password[:1] in "$<{%[" or password.strip("*.xX") == "" or not host:
        return None
    if password.lower() in {
        "password",
        "pass",
        "passwd",
        "pwd",
        "secret",
        "token",
        "user",
        user.lower(),
    } and host.startswith(("host", "localhost", "127.", "example", "server")):
        return None
    return user, password


def _url_credentials(page: Page, start: int, end: int) -> Verdict:
    return None if _url_secret(page, start, end) is None else (start, end, 0.9)


def _connection_url(page: Page, start: int, end: int) -> Verdict:
    text = page.text[start:end].rstrip(".,;)")
    authority = text.split("://", 1)[1].split("/", 1)[0].split("?", 1)[0]
    stop = start + text.index("://") + 3 + len(authority)
    if "@" not in authority:
        # The password may hold a slash that nobody escaped.
        stop = start + text.rfind("@") + 1 + len(text[text.rfind("@") + 1 :].split("/", 1)[0])
    return None if _url_secret(page, start, stop) is None else (start, start + len(text), 0.95)


_PAIR = re2.compile(r"(?i)(?:password|pwd|accountkey|sharedaccesskey|sharedsecret)\s?=\s?([^;&\s\"']{4,200})")


def _connection_pairs(page: Page, start: int, end: int) -> Verdict:
    match = _PAIR.search(page.text[start:end])
    if match is None or placeholder(match.group(1)):
        return None
    return (start, end, 0.9)


_LABELLED_VALUE = 200


def _assignment(page: Page, start: int, end: int) -> Verdict:
    """`password = "..."` and its kin. The match ends where the value begins."""
    label = page.text[start:end].lower()
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
        value = _bare_value(window)
    if not value or placeholder(value) or "\n" in value:
        return None
    is_password = any(word in label for word in ("pass", "pwd", "kennwort", "contrase", "senha", "mot de"))
    good = _is_password(value, quoted=quoted, label=label) if is_password else _is_key(value, quoted=quoted)
    return (low, low + len(value), 0.8 if is_password else 0.75) if good else None


def _bare_value(window: str) -> str:
    size = 0
    while size < len(window) and window[size] not in " \t\r\n\"'`,;<>|":
        size += 1
    value = window[:size]
    while value and value[-1] in ".:)]}" and not ("(" in value and value[-1] == ")"):
        value = value[:-1]
    return value


def _is_password(value: str, *, quoted: bool, label: str) -> bool:
    if len(value) < 4 or " " in value.strip() and not quoted:
        return False
    if quoted:
        if value.count(" ") > 3 or value.startswith(("/", "./", "http")) or "%(" in value or "{" in value:
            return False
        return passwordish(value) if len(value) < 40 or random_token(value) else False
    if _codelike(value) or len(value) < 5:
        return False
    return passwordish(value) or (
        len(value) >= 8
        and " is " not in label
        and value != value.lower()
        and value != value.upper()
        and not value.isalpha()
    )


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


def _is_key(value: str, *, quoted: bool) -> bool:
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


_LABELS = (
    r"(?:pass(?:word|wd|phrase|code)|passwort|kennwort|pwd|contrase\xf1a|senha|mot de passe|secret|token|api[ _-]?key|access[ _-]?key(?:[ _-]?id)?|account[ _-]?key|auth[ _-]?key|"
    r"private[ _-]?key|signing[ _-]?key|encryption[ _-]?key|client[ _-]?secret|credentials?|secret[ _-]?key|access[ _-]?token|auth[ _-]?token|bearer[ _-]?token|pass)"
)


def _bearer(page: Page, start: int, end: int) -> Verdict:
    value = page.text[start:end]
    offset = value.index(value.split()[-1], 6)
    token = value[offset:].rstrip(".,")
    return (
        (start + offset, start + offset + len(token), 0.85) if random_token(token) and not placeholder(token) else None
    )


def _basic(page: Page, start: int, end: int) -> Verdict:
    token = page.text[start:end].split()[-1]
    try:
        decoded = base64.b64decode(token + "=" * (-len(token) % 4))
    except (ValueError, binascii.Error):
        return None
    printable = all(32 <= byte < 127 or byte > 160 for byte in decoded)
    return (end - len(token), end, 0.85) if b":" in decoded and printable else None


def _aws_secret(page: Page, start: int, end: int) -> Verdict:
    value = page.text[end - 40 : end]
    return (end - 40, end, 0.95) if not page.char(end).isalnum() and random_token(value, bits=3.5) else None


def _recognizer(entity: str, name: str, *shapes: Shape) -> LinearRecognizer:
    return LinearRecognizer(entity, shapes, name=name)


_DATABASES = r"(?:postgres(?:ql)?|mysql|mariadb|mongodb|redis|rediss|amqps?|mssql|sqlserver|oracle|clickhouse|cockroachdb|cassandra|neo4j|bolt|ldaps?|smb|nats|kafka|snowflake|sqlite|db2|couchbase|jdbc:[a-z0-9]+)(?:\+[a-z0-9]+)?"


def recognizers() -> list[LinearRecognizer]:
    """The recognizers of this module."""
    tokens = [Shape(name, regex, judge=_weak_token if name in _WEAK else _token) for name, regex in TOKENS]
    return [
        _recognizer("API_KEY", "vendor-token", *tokens),
        _recognizer(
            "CLOUD_CREDENTIAL",
            "cloud-credential",
            Shape("aws access key", r"\b(?:AKIA|ASIA|ABIA|ACCA|AROA|AIDA)[A-Z2-7]{16}\b", 0.95),
            Shape(
                "aws secret",
                r"(?i)(?:aws|amazon|secret)[a-z0-9_ .\x22'-]{0,30}(?:key|secret)[a-z0-9_ .-]{0,12}[\x22']?\s{0,3}(?:=>|[:=]|is)\s{0,3}[\x22']?[A-Za-z0-9/+]{40}",
                judge=_aws_secret,
            ),
            Shape("gcp service account", r"\x22private_key_id\x22\s{0,4}:\s{0,4}\x22[0-9a-f]{40}\x22", 0.95),
            Shape("azure client secret", r"\b[A-Za-z0-9_~.]{3}[0-9]Q~[A-Za-z0-9_~.-]{31,34}", 0.95),
            Shape("azure account key", r"(?:AccountKey|SharedAccessKey)=[A-Za-z0-9+/]{40,100}={0,2}", 0.95),
            Shape("azure sas", r"[?&]sig=[A-Za-z0-9%+/]{40,100}(?:%3D|=)", 0.9),
        ),
        _recognizer(
            "JWT",
            "jwt",
            Shape("jwt", r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{4,}(?:\.[A-Za-z0-9_-]*){1,3}", judge=_jwt),
        ),
        _recognizer(
            "PRIVATE_KEY",
            "private-key",
            Shape("pem", r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----", judge=_private_key),
            Shape("putty", r"PuTTY-User-Key-File-[0-9]: ", judge=_putty),
        ),
        _recognizer(
            "CONNECTION_STRING",
            "connection-string",
            Shape(
                "url",
                rf"(?i)\b{_DATABASES}://[^\s\x22'`<>]*:[^\s\x22'`<>]+@[^\s\x22'`<>]+",
                judge=_connection_url,
                gate=rf"(?i)\b{_DATABASES}://",
            ),
            Shape(
                "pairs",
                r"(?i)\b(?:server|data source|host|endpoint|defaultendpointsprotocol|driver|user id|uid|jdbc:[a-z]+:[^\s=;\x22']{0,80})\s?[=;?][^\r\n\x22'`]{0,300}(?:password|pwd|accountkey|sharedaccesskey)\s?=\s?[^;&\s\x22'`]{4,200}",
                judge=_connection_pairs,
                gate=r"(?i)(?:password|pwd|accountkey|sharedaccesskey)\s?=",
            ),
        ),
        _recognizer(
            "URL_CREDENTIALS",
            "url-credentials",
            Shape(
                "userinfo",
                r"(?i)\b[a-z][a-z0-9+.-]*://[^\s/?#@:\x22'`<>]*:[^\s/@\x22'`<>]+@[a-z0-9\[][a-z0-9.:\-\]]*",
                judge=_url_credentials,
                gate=r"://[^\s/?#@:\x22'`<>]*:[^\s/@\x22'`<>]+@",
            ),
        ),
        _recognizer(
            "ACCESS_TOKEN",
            "authorization",
            Shape(
                "bearer",
                r"(?i)\b(?:bearer|authorization[\x22']?\s?[:=]\s?[\x22']?(?:token|apikey|key))\s+[A-Za-z0-9._~+/=-]{16,}",
                judge=_bearer,
            ),
            Shape("basic", r"(?i)\bbasic\s+[A-Za-z0-9+/]{8,}={0,2}", judge=_basic),
        ),
        _recognizer(
            "PASSWORD",
            "password-assignment",
            Shape(
                "assignment",
                rf"(?i){_LABELS}[a-z0-9_]{{0,12}}(?:\\?[\x22'`\]*]){{0,3}}\s{{0,3}}(?::=|=>|={{1,3}}|:|\bis\b:?|\blautet\b:?|\best\b:?|\bes\b:?)\s{{0,3}}",
                judge=_assignment,
            ),
        ),
    ]
