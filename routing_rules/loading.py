"""Loads a policy from disk: the document, and whether the files it names are there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from gateway.diagnostics import Diagnostic, DocumentError
from gateway.document_model import SourceMap, validate_text
from gateway.documents import read_text, resolve
from routing_rules.compile import parse_policy
from routing_rules.model import RulesDocument
from routing_rules.policy import Policy


def load_policy(path: Path) -> Policy:
    """The policy in `path`. Raises DocumentError with every fault; a certificate file that is missing is one.

    A credential is read late and may come later than the policy: whether it is there, `missing_credentials` says.
    """
    text = read_text(path)
    policy = parse_policy(text, str(path))
    document, source = validate_text(text, str(path), RulesDocument)
    faults = list(_missing_files(document, source, path.parent))
    if faults:
        raise DocumentError(faults)
    return policy


def missing_credentials(path: Path) -> list[Diagnostic]:
    """A fault for each credential of the policy in `path` that cannot be read now. Raises DocumentError."""
    document, source = validate_text(read_text(path), str(path), RulesDocument)
    faults = []
    for index, upstream in enumerate(document.upstreams):
        credential, loc = upstream.credential, ("upstreams", index, "credential")
        if credential is None:
            continue
        if credential.file is not None and not resolve(path.parent, credential.file).is_file():
            message = f"credential file {credential.file} does not exist"
            fix = "create it with the upstream's key in it, chmod 600"
            faults.append(source.diagnostic((*loc, "file"), message, fix, "credential-missing"))
        if credential.env is not None and not os.environ.get(credential.env):
            message = f"environment variable {credential.env} is not set"
            fix = "set it for the gateway's process, or use file:"
            faults.append(source.diagnostic((*loc, "env"), message, fix, "credential-missing"))
    return faults


def _missing_files(document: RulesDocument, source: SourceMap, folder: Path) -> Iterator[Diagnostic]:
    for index, upstream in enumerate(document.upstreams):
        for key in ("ca_file", "client_certificate", "client_key"):
            path: Path | None = getattr(upstream, key)
            if path is not None and not resolve(folder, path).is_file():
                fix = f"create {resolve(folder, path)} or correct the path"
                message = f"file {path} does not exist"
                yield source.diagnostic(("upstreams", index, key), message, fix, "file-missing")
