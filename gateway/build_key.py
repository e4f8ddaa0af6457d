"""Which key a table of hashes is made with: the active one of a key file, named itself or by settings."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from gateway.document_model import validate_text
from gateway.documents import read_text, resolve
from gateway.errors import ConfigurationError
from gateway.keys import load_keys
from gateway.settings import Settings
from gateway.yaml_tree import parse


@dataclass(frozen=True, slots=True)
class BuildKey:
    """A key for one purpose."""

    id: str
    material: bytes = field(repr=False)


def build_key(path: Path, purpose: str) -> BuildKey:
    """The active key for `purpose`, from a key file or the settings that name one. Files that are only to be built need
    not be there, though the settings name them. Raises ConfigurationError."""
    text = read_text(path)
    root, faults = parse(text, str(path))
    keys = root.entry("keys") if root is not None and root.kind == "map" else None
    if keys is None and not faults:
        raise ConfigurationError(f"{path}: this is neither a key file nor a gateway.yaml; it has no keys:")
    if keys is not None and keys[1].kind == "list":
        ring = load_keys(path)
    else:
        settings, _ = validate_text(text, str(path), Settings)
        ring = load_keys(resolve(path.parent, settings.keys.file))
    return BuildKey(ring.active_id, ring.derive(purpose))
