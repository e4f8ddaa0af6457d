# ruff: noqa: E501 - a table reads better in long lines
"""Structured texts: CSV, JSON, logs, code and markup, with and without names in them."""

from __future__ import annotations

import json
import random

from dlp_recognizers.model.filling import Builder, Labelled

_HEADERS = (
    (("id", "X"), ("name", "F"), ("email", "M"), ("city", "C")),
    (("first_name", "G"), ("last_name", "N"), ("company", "O"), ("country", "L")),
    (("Last Name", "N"), ("First Name", "G"), ("Address", "A"), ("Amount", "X")),
    (("customer", "F"), ("address", "A"), ("date", "D"), ("status", "S")),
    (("employer", "O"), ("employee", "F"), ("start", "D"), ("site", "C")),
    (("sku", "S"), ("product", "S"), ("supplier", "O"), ("qty", "X")),
    (("Nachname", "N"), ("Vorname", "G"), ("Straße", "A"), ("Ort", "C")),
    (("timestamp", "D"), ("level", "S"), ("module", "S"), ("count", "X")),
    (("author", "F"), ("title", "S"), ("year", "X")),
)  # fmt: skip
_STATES = [
    "active",
    "pending",
    "closed",
    "open",
    "shipped",
    "error",
    "ok",
    "true",
    "false",
    "null",
    "default",
    "premium",
    "basic",
    "Widget",
    "Gadget",
    "Adapter",
    "Router",
    "Printer",
    "auth",
    "billing",
    "search",
    "index",
    "queue",
    "Hammer",
    "Laptop",
    "Keyboard",
    "Cable",
    "Red",
    "Blue",
    "Large",
    "Small",
    "New",
    "Used",
    "Standard",
    "Enterprise",
    "Alpha",
    "Beta",
]
_LOGGERS = (
    "app.main",
    "kernel",
    "nginx",
    "sshd[2211]",
    "com.acme.Service",
    "django.request",
    "worker-3",
    "systemd",
    "kafka",
    "Main",
)
_MESSAGES = (
    "Connection to host {X} failed", "User {G} logged in from {L}", "Started Session {X} of user root.", "login ok for {F}",
    "GET /api/users/{X} 200", "Invalid password for {F} <{M}>", "Retrying in {X} ms", "Created account for {F} ({O})",
    "Worker {X} finished job {X}", "cache miss for key {S}", "Sent mail to {F}", "Disk usage at {X}%", "Loaded module {S}",
    "Order {X} shipped to {A}", "Payment from {F} accepted", "Deleting file /var/lib/{S}/{X}", "Exception in thread Main: {S}Error",
    "customer={F} city={C} total={X}", 'user="{F}" org="{O}" action=update', "Received SIGTERM, shutting down", "Listening on port {X}",
)  # fmt: skip
_CODE = (
    'def greet():\n    return "Hello, {F}"', "# TO" "DO({G}): ask {F} about this", "// Author: {F}\n// Company: {O}", "/* Written by {F}, {D} */",
    'customer = Customer(name="{F}", city="{C}")', "INSERT INTO users (name, city) VALUES ('{F}', '{C}');", "user: {F}\nteam: {O}\nsite: {C}",
    "SELECT * FROM orders WHERE customer = '{F}' AND total > {X};", "<name>{F}</name><city>{C}</city>", "<p>Contact {F} at {O}.</p>",
    "| {F} | {C} | {X} |", "- **{F}** ({O})", "* {F} - {C}", 'assert user.full_name == "{F}"', "author = {F}\nlicense = MIT", "\\author{{{F}}}",
    'emails = ["{M}", "{M}"]', "const customer = {{ name: '{F}', company: '{O}', address: '{A}' }};", "git commit --author=\"{F} <{M}>\"",
    "class {S}Service(Base{S}):\n    def get{S}(self, user):\n        return self.{S}[user]", "import {S}\nfrom {S}.Client import {S}",
    "public static void main(String[] args) {{ System.out.println({X}); }}", "export default function {S}() {{ return null }}",
)  # fmt: skip


def structured(builder: Builder) -> Labelled:
    """One text of a random style."""
    rng = builder.rng
    return rng.choice((_table, _objects, _log, _snippets, _table, _objects))(builder)


def _table(builder: Builder) -> Labelled:
    rng = builder.rng
    columns = rng.choice(_HEADERS)
    mark = rng.choice((",", ",", ";", "\t", " | "))
    lines = [mark.join(name for name, _ in columns)] if rng.random() < 0.7 else []
    quote = '"' if rng.random() < 0.25 else ""
    lines += [mark.join(f"{quote}{{{kind}}}{quote}" for _, kind in columns) for _ in range(rng.randrange(1, 6))]
    return builder.fill("\n".join(lines))


def _objects(builder: Builder) -> Labelled:
    rng = builder.rng
    columns = rng.choice(_HEADERS)
    rows = [{name: f"@{kind}@" for name, kind in columns} for _ in range(rng.randrange(1, 4))]
    value: object = rng.choice((rows, rows[0], {"data": rows, "total": 3}))
    text = json.dumps(value, indent=rng.choice((None, None, 2)), ensure_ascii=False)
    text = text.replace("{", "{{").replace("}", "}}")
    for kind in "XFMCGNOLADS":
        text = text.replace(f"@{kind}@", f"{{{kind}}}")
    return builder.fill(text)


def _log(builder: Builder) -> Labelled:
    rng = builder.rng
    lines = []
    for _ in range(rng.randrange(1, 5)):
        stamp = rng.choice(("{D} ", "2025-03-04T12:33:01Z ", "Mar  4 12:33:01 host1 ", "[12:33:01] ", ""))
        lines.append(
            f"{stamp}{rng.choice(('INFO', 'WARN', 'ERROR', 'DEBUG', 'Notice'))} {rng.choice(_LOGGERS)}: {rng.choice(_MESSAGES)}"
        )
    return builder.fill("\n".join(lines))


def _snippets(builder: Builder) -> Labelled:
    return builder.fill("\n".join(builder.rng.choices(_CODE, k=builder.rng.randrange(1, 4))))


def state(rng: random.Random) -> str:
    """A word that is no name though it may have a capital."""
    return rng.choice(_STATES)
