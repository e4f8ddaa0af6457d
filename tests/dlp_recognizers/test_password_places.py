"""Passwords in commands, SQL, environments, cells and other languages; keys in pairs; cards on magnetic stripes."""

from __future__ import annotations

import pytest

from dlp_recognizers.engine import Engine

SECRET = "hunter2Zx!" + "pQ9"
PLACES = (
    "mysql -u root -p{} db",
    "sshpass -p {} ssh host",
    "docker login -u bob -p {} registry",
    "setx DB_PASSWORD {}",
    "ENV PASSWORD {}",
    "net use z: /user:bob {}",
    "db.corp:5432:app:bob:{}",
    "CREATE USER bob IDENTIFIED BY '{}'",
    "ALTER ROLE bob WITH PASSWORD '{}'",
    '- name: DB_PASSWORD\n  value: "{}"',
    '{{"name": "DB_PASSWORD", "value": "{}"}}',
    "| password | {} |",
    "password\t{}",
    "the pw for the db on prod is {} btw",
    "Passwort f\xfcr das WLAN: {}",
    "pw: {}",
    'psk="{}"',
    "wachtwoord: {}",
    "l\xf6senord: {}",
    "has\u0142o: {}",
    "\u043f\u0430\u0440\u043e\u043b\u044c: {}",
    "\u6211\u7684\u5bc6\u7801\uff1a{}",
    "\u30d1\u30b9\u30ef\u30fc\u30c9: {}",
)
INNOCENT = (
    "mysql -u root -p db",
    "mysql -u root -p$MYSQL_PWD db",
    "docker login -u bob -p $TOKEN registry",
    "docker run -p 8080:80 nginx",
    "CREATE USER bob IDENTIFIED BY '<password>'",
    "| password | string | yes |",
    "| password | varchar(255) |",
    "- name: DB_PASSWORD\n  valueFrom:\n    secretKeyRef: {name: db}",
    "- name: CACHE_KEY\n  value: orders",
    "The password for the user is required.",
    "password for anna: see the vault",
    "\u5bc6\u7801: \u5fc5\u586b",
    "ENV PATH /usr/bin",
    "npx vite --pw: 3",
)


def _found(engine: Engine, text: str) -> list[tuple[str, str]]:
    return [(hit.entity, text[hit.start : hit.end]) for hit in engine.scan(text) if hit.score >= 0.5]


@pytest.mark.parametrize("place", PLACES)
def test_a_password_is_found_where_it_stands(engine: Engine, place: str) -> None:
    assert ("PASSWORD", SECRET) in _found(engine, place.format(SECRET))


@pytest.mark.parametrize("text", INNOCENT)
def test_what_is_no_password_stays(engine: Engine, text: str) -> None:
    assert "PASSWORD" not in [entity for entity, _ in _found(engine, text)]


@pytest.mark.parametrize("joint", ["\n", ":", ", ", '", "', "\t"])
def test_the_secret_half_of_a_pair_is_found_beside_its_id(engine: Engine, joint: str) -> None:
    key_id, secret = "AKIA" + "Q3ZLMN7PX7T2BVCH", "kJ8sPq2LmNx7VbYt4RwZ" + "c9DfGh3EuIo5TaQe1WsX"
    text = f"use {key_id}{joint}{secret} now"
    assert any(secret in value for _, value in _found(engine, text))


def test_the_card_on_a_magnetic_stripe_is_found(engine: Engine) -> None:
    assert ("CREDIT_CARD", "4539578763621486") in _found(engine, "%B4539578763621486^DOE/J^27122011000?")


def test_a_social_security_number_behind_a_name_in_camel_case(engine: Engine) -> None:
    assert ("US_SSN", "536904399") in _found(engine, "socialSecurityNumber=536904399")
