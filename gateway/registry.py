"""The registry of agents: `agents.yaml`, from SPIFFE ID to what the gateway knows of the agent."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import Field

from gateway.diagnostics import Diagnostic, DocumentError
from gateway.document_model import Document, SourceMap, Version, validate_text
from gateway.documents import read_text
from gateway.identity import SpiffeIdError, parse_spiffe_id
from gateway.model import AgentRecord, AgentState, Level

type Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9@._-]{0,127}$")]
type LevelName = Literal["public", "internal", "confidential", "restricted"]


class AgentEntry(Document):
    """One agent."""

    id: Name
    """Short name, used by rules, logs and metrics."""
    spiffe_id: str
    """The URI in the agent's certificate, compared byte by byte."""
    user: Name
    """The person or team that answers for the agent."""
    tenant: Name
    """The part of the company that the agent works for."""
    clearance: LevelName
    """The highest level a request of this agent may have."""
    state: Literal["active", "suspended", "revoked"] = "active"
    minimum_level: LevelName = "public"
    """Every request of this agent is at least this sensitive."""
    version: Annotated[str, Field(max_length=128)] = ""
    """Version of the agent's software, for the events."""
    runtime_hash: Annotated[str, Field(max_length=256)] = ""
    """Digest of the agent's runtime image, for the events."""
    oauth_client_id: Annotated[str, Field(max_length=256)] = ""
    """The client that an OAuth2 token must name; without it tokens are not accepted."""
    canary: bool = False
    """The gateway's own self-check agent."""


class AgentsDocument(Document):
    """`agents.yaml`."""

    version: Version
    """Version of this format: 1."""
    agents: Annotated[tuple[AgentEntry, ...], Field(min_length=1)]
    """Every agent that may call."""


@dataclass(frozen=True, slots=True)
class Registry:
    """Every agent, by its identity."""

    by_spiffe_id: Mapping[str, AgentRecord]
    version: str
    """Short digest of the document."""

    def by_id(self, agent_id: str) -> AgentRecord | None:
        """The agent named `agent_id`, if there is one."""
        return next((each for each in self.by_spiffe_id.values() if each.agent_id == agent_id), None)


def load_registry(path: Path, trust_domain: str) -> Registry:
    """The registry in `path`. Raises DocumentError with every fault."""
    return parse_registry(read_text(path), str(path), trust_domain)


def parse_registry(text: str, file: str, trust_domain: str) -> Registry:
    """The registry that `text` describes. Pure. Raises DocumentError with every fault."""
    document, source = validate_text(text, file, AgentsDocument)
    faults = [*_spiffe_faults(document, source, trust_domain), *_duplicates(document, source)]
    if faults:
        raise DocumentError(faults)
    records = {each.spiffe_id: _record(each) for each in document.agents}
    return Registry(MappingProxyType(records), hashlib.sha256(text.encode()).hexdigest()[:12])


def _spiffe_faults(document: AgentsDocument, source: SourceMap, trust_domain: str) -> list[Diagnostic]:
    faults = []
    for index, agent in enumerate(document.agents):
        try:
            parse_spiffe_id(agent.spiffe_id, trust_domain)
        except SpiffeIdError as error:
            fix = f"write spiffe://{trust_domain}/agent/{agent.id}, exactly as in the agent's certificate"
            faults.append(source.diagnostic(("agents", index, "spiffe_id"), str(error), fix, "spiffe-id"))
    return faults


def _duplicates(document: AgentsDocument, source: SourceMap) -> list[Diagnostic]:
    faults = []
    for key in ("id", "spiffe_id"):
        seen: dict[str, int] = {}
        for index, agent in enumerate(document.agents):
            value = getattr(agent, key)
            first = seen.setdefault(value, index)
            if first != index:
                line, _ = source.position(("agents", first, key))
                message = f"{key} stands here a second time (first in line {line})"
                fault = source.diagnostic(("agents", index, key), message, "give each agent its own", "duplicate")
                faults.append(fault)
    return faults


def _record(entry: AgentEntry) -> AgentRecord:
    return AgentRecord(
        agent_id=entry.id,
        spiffe_id=entry.spiffe_id,
        user=entry.user,
        tenant=entry.tenant,
        clearance=Level.parse(entry.clearance),
        state=AgentState(entry.state),
        minimum_level=Level.parse(entry.minimum_level),
        version=entry.version,
        runtime_hash=entry.runtime_hash,
        oauth_client_id=entry.oauth_client_id,
        canary=entry.canary,
    )
