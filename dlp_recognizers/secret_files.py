"""Secrets as programs keep and send them: .netrc, .pgpass, .npmrc, docker, kubeconfig, htpasswd, JWK, cookies."""

from __future__ import annotations

import base64
import binascii

import re2

from dlp_recognizers.linear import LinearRecognizer, Shape, Verdict
from dlp_recognizers.page import Page
from dlp_recognizers.randomness import entropy, placeholder, random_token


def _last(page: Page, start: int, end: int, cuts: str) -> int:
    """Where the part behind the last of `cuts` begins."""
    text = page.text[start:end]
    return start + max(text.rfind(char) for char in cuts) + 1


def _netrc(page: Page, start: int, end: int) -> Verdict:
    low = _last(page, start, end, " \t\n")
    return None if placeholder(page.text[low:end]) else (low, end, 0.85)


def _pgpass(page: Page, start: int, end: int) -> Verdict:
    parts = page.text[start:end].split(":")
    host, password = parts[0], parts[-1]
    known = host in {"*", "localhost"} or "." in host or "-" in host
    if not known or placeholder(password) or page.char(end) not in "\r\n ":
        return None
    return (end - len(password), end, 0.8)


def _decoded(token: str) -> bytes:
    try:
        return base64.b64decode(token + "=" * (-len(token) % 4))
    except (ValueError, binascii.Error):
        return b""


def _docker_auth(page: Page, start: int, end: int) -> Verdict:
    low = _last(page, start, end - 1, '"')
    decoded = _decoded(page.text[low : end - 1])
    return (low, end - 1, 0.9) if b":" in decoded and decoded.isascii() else None


def _npm_auth(page: Page, start: int, end: int) -> Verdict:
    text = page.text[start:end]
    value = text.partition("=")[2].lstrip(" \"'")
    return None if placeholder(value) or len(set(value)) < 6 else (end - len(value), end, 0.85)


def _hash(page: Page, start: int, end: int) -> Verdict:
    return (start, end, 0.8) if entropy(page.text[start:end]) > 3 else None


def _cookie(page: Page, start: int, end: int) -> Verdict:
    low = _last(page, start, end, "=:\"' ") if page.char(end - 1) != "=" else start
    value = page.text[low:end]
    return (low, end, 0.8) if len(value) >= 16 and random_token(value) and not placeholder(value) else None


def _jwk(page: Page, start: int, end: int) -> Verdict:
    around = page.text[max(0, start - 2000) : start] + page.text[end : end + 2000]
    if '"kty"' not in around and "'kty'" not in around:
        return None
    low = _last(page, start, end - 1, "\"'")
    return (low, end - 1, 0.95)


def _kubeconfig(page: Page, start: int, end: int) -> Verdict:
    low = _last(page, start, end, " \"'")
    return (low, end, 0.95) if len(set(page.text[low:end])) > 8 else None


def _oracle(page: Page, start: int, end: int) -> Verdict:
    password = page.text[start:end].partition("/")[2].partition("@")[0]
    return None if placeholder(password) else (start, end, 0.9)


def _pair_first(page: Page, start: int, end: int) -> Verdict:
    match = _FIRST.search(page.text[start:end])
    return None if match is None or placeholder(match.group(1)) else (start, end, 0.85)


_FIRST = re2.compile(r"(?i)(?:password|pwd)\s?=\s?([^;&\s\"']{4,200})")
_HASHES = (
    r"\$(?:2[abxy]\$[0-9]{2}\$[./A-Za-z0-9]{53}|apr1\$[./A-Za-z0-9]{1,8}\$[./A-Za-z0-9]{22}|"
    r"[156]\$(?:rounds=[0-9]{1,9}\$)?[./A-Za-z0-9]{1,16}\$[./A-Za-z0-9]{22,86}|"
    r"argon2(?:id|i|d)\$v=[0-9]{1,3}\$m=[0-9]{1,9},t=[0-9]{1,5},p=[0-9]{1,3}\$[A-Za-z0-9+/]{8,90}\$[A-Za-z0-9+/]{16,200}|"
    r"y\$[./A-Za-z0-9]{1,10}\$[./A-Za-z0-9]{1,90}\$[./A-Za-z0-9]{43}|scrypt\$[^\s\x22']{30,200})|"
    r"\bpbkdf2_sha(?:1|256|512)\$[0-9]{1,8}\$[A-Za-z0-9]{1,64}\$[A-Za-z0-9+/=]{20,100}|"
    r"\{S?SHA(?:256|512)?\}[A-Za-z0-9+/]{26,120}={0,2}"
)
_COOKIES = (
    r"(?:PHPSESSID|JSESSIONID|ASP\.NET_SessionId|ASPSESSIONID[A-Z]{0,8}|connect\.sid|session_?id|sid|laravel_session|"
    r"csrf_?token|XSRF-TOKEN|remember_token|_session|\.AspNetCore\.[A-Za-z.]{2,40}|"
    r"__Secure-[A-Za-z0-9._-]{2,40}|__Host-[A-Za-z0-9._-]{2,40}|SSESS[0-9a-f]{32}|wordpress_logged_in_[0-9a-f]{32})"
)

_COOKIE_GATE = r"(?i)sess|\bsid\b|connect\.sid|csrf|xsrf|remember_token|aspnetcore|__secure-|__host-|wordpress_logged"


def recognizers() -> list[LinearRecognizer]:
    """The recognizers of this module."""
    passwords = [
        Shape(
            "netrc",
            r"(?i)\bmachine\s+\S{1,200}\s+login\s+\S{1,200}\s+password\s+\S{3,200}",
            gate=r"(?i)\bmachine\s",
            judge=_netrc,
        ),
        Shape(
            "pgpass",
            r"(?m)^(?:[A-Za-z0-9.*-]{1,100}):(?:[0-9]{4,5}|\*):[A-Za-z0-9_.*-]{1,63}:[A-Za-z0-9_.*@-]{1,63}:[^\s:]{4,100}",
            gate=r":(?:[0-9]{4,5}|\*):[A-Za-z0-9_*]",
            judge=_pgpass,
        ),
        Shape("hash", _HASHES, gate=r"\$(?:2[abxy]|apr1|[156]|argon2|y|scrypt)|\bpbkdf2_sha|\{S?SHA", judge=_hash),
    ]
    tokens = [
        Shape(
            "docker auth",
            r"\x22auth\x22\s{0,4}:\s{0,4}\x22[A-Za-z0-9+/]{8,400}={0,2}\x22",
            gate=r"\x22auth\x22",
            judge=_docker_auth,
        ),
        Shape(
            "npm auth",
            r"(?:^|[\s:/])_(?:auth|password)\s{0,3}=\s{0,3}[\x22']?[A-Za-z0-9+/_-]{8,}={0,2}",
            gate=r"_auth|_password",
            judge=_npm_auth,
        ),
        Shape(
            "cookie",
            rf"(?i)\b{_COOKIES}[\x22']?\s?[:=]\s?[\x22']?[A-Za-z0-9%._~+/!-]{{16,}}",
            gate=_COOKIE_GATE,
            judge=_cookie,
        ),
    ]
    keys = [
        Shape(
            "jwk",
            r"[\x22'](?:d|p|q|dp|dq|qi|k)[\x22']\s{0,4}:\s{0,4}[\x22'][A-Za-z0-9_-]{20,}[\x22']",
            gate=r"[\x22']kty[\x22']",
            judge=_jwk,
        ),
        Shape(
            "kubeconfig",
            r"\b(?:client-key-data|tls\.key|ssh-privatekey|private-key-data)[\x22']?\s{0,4}:\s{0,4}[\x22']?"
            r"[A-Za-z0-9+/]{40,}={0,2}",
            gate=r"client-key-data|tls\.key|ssh-privatekey|private-key-data",
            judge=_kubeconfig,
        ),
        Shape(
            "xml key",
            r"<(?:D|InverseQ|DP|DQ)>\s{0,8}[A-Za-z0-9+/]{40,}={0,2}\s{0,8}</",
            0.9,
            gate="<(?:D|InverseQ|DP|DQ)>",
        ),
    ]
    strings = [
        Shape(
            "oracle",
            r"(?i)\bjdbc:oracle:[a-z]{2,6}:[^\s/@\x22']{1,80}/[^\s/@\x22']{3,80}@[^\s\x22']{3,200}",
            gate=r"(?i)jdbc:oracle",
            judge=_oracle,
        ),
        Shape(
            "password first",
            (
                r"(?i)\b(?:password|pwd)\s?=\s?[^;\s\x22'`]{4,120};[^\r\n\x22'`]{0,200}\b(?:server|data source|host|"
                r"database|initial catalog|uid|user id|dsn|driver)\s?=\s?[^;\s\x22'`]{1,120}"
            ),
            judge=_pair_first,
            gate=r"(?i)(?:password|pwd)\s?=",
        ),
    ]
    return [
        LinearRecognizer("PASSWORD", passwords, name="password-file"),
        LinearRecognizer("ACCESS_TOKEN", tokens, name="stored-token"),
        LinearRecognizer("PRIVATE_KEY", keys, name="key-member"),
        LinearRecognizer("CONNECTION_STRING", strings, name="connection-parts"),
    ]
