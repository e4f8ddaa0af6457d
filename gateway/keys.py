"""The gateway's own keys: one file, newest key first, from which every purpose derives its own key."""

from __future__ import annotations

import base64
import binascii
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Annotated, Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import Field

from gateway.diagnostics import Diagnostic, DocumentError
from gateway.document_model import Document, Version
from gateway.documents import load

KEY_BYTES: Final = 32


class KeyEntry(Document):
    """One key."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]
    """Short name; it stands in every prompt hash made with the key."""
    key: Annotated[str, Field(repr=False)]
    """32 random bytes in base64."""
    created: Annotated[str, Field(max_length=40)]
    """When it was made, as "YYYY-MM-DD"."""


class KeysDocument(Document):
    """The key file."""

    version: Version
    """Version of this format: 1."""
    keys: Annotated[tuple[KeyEntry, ...], Field(min_length=1, max_length=16)]
    """The keys, newest first; the first is used, the others are kept so that old evidence can be checked."""


@dataclass(frozen=True, slots=True)
class Key:
    """One key of the ring."""

    id: str
    created: str
    material: bytes = field(repr=False)

    def derive(self, purpose: str) -> bytes:
        """32 bytes for one purpose (RFC 5869, HKDF-SHA256): whoever has them learns nothing of the others."""
        info = b"llmgw/v1/" + purpose.encode()
        return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=info).derive(self.material)


@dataclass(frozen=True, slots=True)
class KeyRing:
    """Every key of the gateway, newest first."""

    keys: tuple[Key, ...]

    @property
    def active(self) -> Key:
        """The key that new values are made with."""
        return self.keys[0]

    @property
    def active_id(self) -> str:
        """Name of the active key."""
        return self.keys[0].id

    def derive(self, purpose: str) -> bytes:
        """32 bytes for one purpose, from the active key."""
        return self.active.derive(purpose)

    def by_id(self, key_id: str) -> Key | None:
        """The key named `key_id`, to check what was made with it."""
        return next((each for each in self.keys if each.id == key_id), None)


def load_keys(path: Path) -> KeyRing:
    """The key ring in `path`. Raises DocumentError; that everybody may read the file is a fault."""
    document, source = load(path, KeysDocument, secret=True)
    faults: list[Diagnostic] = []
    keys: list[Key] = []
    for index, entry in enumerate(document.keys):
        material = _decoded(entry.key)
        if material is None:
            fix = "write 32 random bytes in base64: openssl rand -base64 32"
            faults.append(source.diagnostic(("keys", index, "key"), "this is not 32 bytes in base64", fix, "bad-key"))
        elif entry.id in (each.id for each in keys):
            fix = "give each key its own id"
            faults.append(source.diagnostic(("keys", index, "id"), "this id stands here twice", fix, "duplicate-id"))
        else:
            keys.append(Key(entry.id, entry.created, material))
    if faults:
        raise DocumentError(faults)
    return KeyRing(tuple(keys))


def new_key_file(now: datetime) -> str:
    """The text of a key file with one fresh key."""
    key = base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()
    return (
        "# Keys of the gateway, newest first. Keep this file secret: chmod 600.\n"
        "# To rotate, put a new key first and keep the old ones until their evidence has expired.\n"
        "version: 1\n"
        "keys:\n"
        f'  - {{id: "k{now:%Y%m%d}", key: "{key}", created: "{now:%Y-%m-%d}"}}\n'
    )


def _decoded(text: str) -> bytes | None:
    try:
        material = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    # A key of one repeated byte was never drawn at random.
    return material if len(material) == KEY_BYTES and len(set(material)) > 1 else None
