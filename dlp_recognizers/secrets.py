"""Secrets: what lets its holder in somewhere."""

from __future__ import annotations

import base64
import binascii

import re2

from dlp_recognizers.gates import fixed_start
from dlp_recognizers.linear import LinearRecognizer, Shape, Verdict, compiled
from dlp_recognizers.page import Page
from dlp_recognizers.randomness import entropy, placeholder, random_token
from dlp_recognizers.secret_contexts import shapes as context_shapes
from dlp_recognizers.secret_tokens import GATES, TOKENS, WEAK


def _token(page: Page, start: int, end: int) -> Verdict:
    left = page.char(start - 1)
    value = page.text[start:end]
    if (left.isalnum() and value[0].isalnum()) or page.char(end).isalnum():
        return None
    body = value.rstrip("._-")
    if "*" in body or "xxxx" in body.lower() or len(set(body)) < 10:
        return None
    return (start, start + len(body), 0.95) if any(map(str.isdigit, body)) and entropy(body) > 3.0 else None


def _weak_token(page: Page, start: int, end: int) -> Verdict:
    """A format with a short prefix: the body must also mix cases, as only generated strings do."""
    value = page.text[start:end]
    body = value.split("_", 1)[-1].split(".", 1)[-1]
    mixed = any(map(str.isupper, body)) and any(map(str.islower, body)) and sum(map(str.isdigit, body)) >= 2
    return _token(page, start, end) if mixed and entropy(body) > 3.5 else None


_PEM_END = compiled(r"-----END [A-Z0-9 ]{0,40}-----")


def _private_key(page: Page, start: int, end: int) -> Verdict:
    """The whole block to its END line, or to the text's end: half a key is a key."""
    body = page.text[end : end + 400]
    letters = sum(char.isalnum() for char in body)
    if letters < 16 or (" " in body.strip()[:24].replace(": ", "") and ":" not in body[:60]):
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


_AWS = "(?:AKIA|ASIA|ABIA|ACCA|AROA|AIDA)"


def _access_key(page: Page, start: int, end: int) -> Verdict:
    value = page.text[start:end]
    return None if value.endswith("EXAMPLE") or len(set(value)) < 8 else (start, end, 0.95)


def _recognizer(entity: str, name: str, *shapes: Shape) -> LinearRecognizer:
    return LinearRecognizer(entity, shapes, name=name)


_DATABASES = (
    r"(?:postgres(?:ql)?|mysql|mariadb|mongodb|redis|rediss|amqps?|mssql|sqlserver|oracle|clickhouse|"
    r"cockroachdb|cassandra|neo4j|bolt|ldaps?|smb|nats|kafka|snowflake|sqlite|db2|couchbase|"
    r"jdbc:[a-z0-9]+)(?:\+[a-z0-9]+)?"
)


def recognizers() -> list[LinearRecognizer]:
    """The recognizers of this module."""
    tokens = [
        Shape(
            name,
            regex,
            judge=_weak_token if name in WEAK else _token,
            gate=GATES.get(name) or fixed_start(regex),
        )
        for name, regex in TOKENS
    ]
    return [
        _recognizer("API_KEY", "vendor-token", *tokens, *context_shapes()),
        _recognizer(
            "CLOUD_CREDENTIAL",
            "cloud-credential",
            Shape("aws access key", rf"\b{_AWS}[A-Z2-7]{{16}}\b", judge=_access_key, gate=_AWS),
            Shape(
                "aws secret",
                (
                    r"(?i)(?:aws|amazon|secret)[a-z0-9_ .\x22'-]{0,30}(?:key|"
                    r"secret)[a-z0-9_ .-]{0,12}[\x22']?\s{0,3}(?:=>|[:=]|is)\s{0,3}[\x22']?[A-Za-z0-9/+]{40}"
                ),
                judge=_aws_secret,
                gate=r"(?i)aws|amazon|secret",
            ),
            Shape(
                "gcp service account",
                r"\x22private_key_id\x22\s{0,4}:\s{0,4}\x22[0-9a-f]{40}\x22",
                0.95,
                gate="private_key_id",
            ),
            Shape("azure client secret", r"\b[A-Za-z0-9_~.]{3}[0-9]Q~[A-Za-z0-9_~.-]{31,34}", 0.95, gate="[0-9]Q~"),
            Shape(
                "azure account key",
                r"(?:AccountKey|SharedAccessKey)=[A-Za-z0-9+/]{40,100}={0,2}",
                0.95,
                gate="(?:AccountKey|SharedAccessKey)=",
            ),
            Shape("azure sas", r"[?&]sig=[A-Za-z0-9%+/]{40,100}(?:%3D|=)", 0.9, gate="[?&]sig="),
        ),
        _recognizer(
            "JWT",
            "jwt",
            Shape(
                "jwt", r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{4,}(?:\.[A-Za-z0-9_-]*){1,3}", judge=_jwt, gate=r"\beyJ"
            ),
        ),
        _recognizer(
            "PRIVATE_KEY",
            "private-key",
            Shape(
                "pem", r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----", judge=_private_key, gate="-----BEGIN "
            ),
            Shape("putty", r"PuTTY-User-Key-File-[0-9]: ", judge=_putty, gate="PuTTY-User-Key"),
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
                (
                    r"(?i)\b(?:server|data source|host|endpoint|defaultendpointsprotocol|driver|user id|uid|"
                    r"jdbc:[a-z]+:[^\s=;\x22']{0,80})\s?[=;?][^\r\n\x22'`]{0,300}(?:password|pwd|accountkey|"
                    r"sharedaccesskey)\s?=\s?[^;&\s\x22'`]{4,200}"
                ),
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
                (
                    r"(?i)\b(?:bearer|authorization[\x22']?\s?[:=]\s?[\x22']?(?:token|apikey|"
                    r"key))\s+[A-Za-z0-9._~+/=-]{16,}"
                ),
                judge=_bearer,
                gate=r"(?i)\b(?:bearer|authorization)",
            ),
            Shape("basic", r"(?i)\bbasic\s+[A-Za-z0-9+/]{8,}={0,2}", judge=_basic, gate=r"(?i)\bbasic\s"),
        ),
    ]
