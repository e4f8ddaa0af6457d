"""What looks like a value and is none stays: code, logs, versions, dates, counters, prose."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from dlp_recognizers.engine import Engine

INNOCENT = (
    "password = os.environ['DB_PASSWORD']",
    "password: str = Field(min_length=8)",
    'api_key = "<your api key>"',
    'token = "${GITHUB_TOKEN}"',
    "secret = get_secret(name)",
    'password = getpass("Password: ")',
    "self.password = password",
    'PASSWORD_FIELD = "password"',
    "The password is required and must not be empty.",
    "Enter your password: ",
    "token: tokens[i].value",
    "Authorization: Bearer <token>",
    "postgres://user:${DB_PASS}@localhost/db",
    "https://example.com/path?x=1",
    "git clone git@github.com:org/repo.git",
    "@app.route('/x')",
    "released 2.10.4.1 of the package",
    "pip install foo==1.12.3.14",
    "Mozilla/5.0 (X11) Chrome/120.0.0.0 Safari/537.36",
    "listening on 127.0.0.1 and 0.0.0.0 with netmask 255.255.255.0",
    "2024-03-11 12:30:05,123 INFO started",
    "081109 203615 148 INFO dfs.DataNode: block",
    "1700000000 1700000060 1700000120",
    '{"ts": 1700000000123, "id": 1699999999999999}',
    "550e8400-e29b-41d4-a716-446655440000",
    "commit 9fceb02d0ae598e95dc970b74767f19372d61af8",
    "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "Invoice 2024-001234 of 05/12/2024, total 1,234,567.89",
    "x = 0x7fff5fbff8c0; y = 3.14159265358979",
    "std::vector<int> a; foo::bar::baz(); dead::beef",
    "time 12:34:56 and ratio 16:9",
    "update KB3086255 and CVE-2024-12345",
    "chapter 1.2.3.4 explains",
    "The patient approach to debugging pays off.",
    "We diagnosed the bug and found the cause.",
    "This is confidential, please keep it between us.",
    "The public interface is internal to the module.",
    "We keep customer data strictly confidential in our systems.",
    "class Secret: pass",
    "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20",
    "Dear colleagues, Best regards",
    "4111 1111 1111 1111 is everybody's example card",
    "DE89 3704 0044 0532 0130 00",
    "111-22-3333",
    "-----BEGIN PRIVATE KEY----- is how such a file begins.",
    "HEADER = '-----BEGIN RSA PRIVATE KEY-----'",
)


@pytest.mark.parametrize("text", INNOCENT)
def test_innocent_text(engine: Engine, text: str) -> None:
    assert [(hit.entity, hit.recognizer) for hit in engine.scan(text) if hit.score >= 0.5] == []


def test_a_column_of_counters_is_no_list_of_cards(engine: Engine) -> None:
    rng = random.Random(7)
    start = rng.randint(4_500_000_000_000_000, 4_600_000_000_000_000)
    text = "\n".join(str(start + step * 977) for step in range(400))
    assert [hit for hit in engine.scan(text) if hit.score >= 0.5] == []


def test_logs(engine: Engine) -> None:
    """Timestamps, request ids, epoch seconds: the lines on which stock recognizers find thousands."""
    rng = random.Random(11)
    lines = [
        f"2024-03-{rng.randint(1, 28):02d} {rng.randint(0, 23):02d}:{rng.randint(0, 59):02d}:{rng.randint(0, 59):02d},"
        f"{rng.randint(0, 999):03d} INFO [pool-{rng.randint(1, 9)}-thread-{rng.randint(1, 99)}] c.e.Service: request "
        f"{rng.getrandbits(128):032x} epoch {rng.randint(1_600_000_000, 1_800_000_000)} blk_{rng.getrandbits(63)} "
        f"took {rng.randint(1, 99999)} ms v{rng.randint(1, 9)}.{rng.randint(0, 20)}.{rng.randint(0, 20)}"
        for _ in range(1000)
    ]
    found = [hit.entity for hit in engine.scan("\n".join(lines)) if hit.score >= 0.5]
    assert len(found) <= 5, found


def test_json(engine: Engine) -> None:
    rng = random.Random(12)
    rows = [
        f'{{"id": {rng.randint(10**9, 10**10)}, "created": {rng.randint(16 * 10**11, 18 * 10**11)}, '
        f'"hash": "{rng.getrandbits(160):040x}", '
        f'"size": {rng.randint(1, 10**8)}, "lat": {rng.uniform(-90, 90):.7f}, '
        f'"version": "{rng.randint(1, 9)}.{rng.randint(0, 99)}.{rng.randint(0, 99)}"}}'
        for _ in range(1000)
    ]
    found = [hit.entity for hit in engine.scan("[\n" + ",\n".join(rows) + "]") if hit.score >= 0.5]
    assert len(found) <= 10, found


def test_the_standard_library(engine: Engine) -> None:
    """False and true findings together (addresses of authors among them) per 1,000 lines of code."""
    files = sorted(Path(random.__file__).parent.glob("*.py"))[::8][:20]
    lines, found = 0, []
    for file in files:
        text = file.read_text(encoding="utf-8")
        lines += text.count("\n")
        found += [(hit.entity, file.name) for hit in engine.scan(text) if hit.score >= 0.5]
    rate = len(found) / lines * 1000
    print(f"{len(files)} files, {lines} lines, {len(found)} findings, {rate:.2f} per 1,000 lines")
    assert rate <= 5, found


def test_examples_can_be_switched_off() -> None:
    from dlp_recognizers.engine import create

    strict = create({"allow_examples": False})
    assert [hit.entity for hit in strict.scan("4111 1111 1111 1111")] == ["CREDIT_CARD"]
    assert [hit.entity for hit in strict.scan("111-22-3333")] == ["US_SSN"]
    assert strict.version != create({}).version
