"""From the document to the policy that decides: a frozen policy, or every fault."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from gateway.classification import BulkRule, ClassificationTable
from gateway.diagnostics import Diagnostic, DocumentError
from gateway.document_model import SourceMap, validate_text
from gateway.documents import read_text, resolve
from gateway.entities import ENTITY_GROUPS, EntityGroup
from gateway.model import AgentRecord, Credential, Level, Operator, Profile, Tier, Upstream
from gateway.restore.guard import AnswerAction, AnswerProfile
from routing_rules.conditions import compiled, level_bounds, model_predicate
from routing_rules.dialect_names import expanded
from routing_rules.lint import lint
from routing_rules.model import (
    AttachmentLevels,
    ClassificationDocument,
    CredentialDocument,
    ProfileDocument,
    RuleDocument,
    RulesDocument,
    UpstreamDocument,
    When,
)
from routing_rules.policy import BUILT_IN_ANSWERS, BUILT_IN_PROFILES, CompiledRule, Policy
from routing_rules.urls import parse_base_url

type OwnLevels = Mapping[str, Level | None]
"""Every entity that the organisation's own data can make, and the level that was given for it where it was made."""


def load_policy(path: Path, own: OwnLevels | None = None) -> Policy:
    """The policy in `path`. Raises DocumentError with every fault; a certificate file that is missing is one.

    `own` says which entities there are beside the product's; without it every well-formed name of that kind is taken.
    A credential is read late and may come later than the policy: whether it is there, `missing_credentials` says.
    """
    return _compiled(read_text(path), path, files=True, own=own)


def parse_policy(text: str, file: str) -> Policy:
    """The policy that `text` describes; paths are seen from the folder of `file`, and no other file is read.

    Raises DocumentError with every fault.
    """
    return _compiled(text, Path(file), files=False)


def _compiled(text: str, path: Path, *, files: bool, own: OwnLevels | None = None) -> Policy:
    document, source = validate_text(text, str(path), RulesDocument)
    faults = lint(document, source, None if own is None else frozenset(own))
    if files:
        faults += _missing_files(document, source, path.parent)
    if faults:
        raise DocumentError(faults)
    levels = {name: level for name, level in sorted((own or {}).items()) if level is not None}
    said = "".join(f"\0{name}={level.label}" for name, level in levels.items())
    return compile_document(document, path.parent, hashlib.sha256((text + said).encode()).hexdigest()[:12], levels)


def compile_document(
    document: RulesDocument, folder: Path, version: str, own: Mapping[str, Level] = MappingProxyType({})
) -> Policy:
    """The policy of a document that `lint` finds nothing wrong with. An entity of `own` has at least the level
    that `own` gives."""
    profiles = {**BUILT_IN_PROFILES, **{name: _profile(name, each) for name, each in document.profiles.items()}}
    upstreams = {each.id: _upstream(each, folder) for each in document.upstreams}
    return Policy(
        version=version,
        classification_table=_table(document.classification, own),
        profiles=MappingProxyType(profiles),
        upstreams=MappingProxyType(upstreams),
        rules=tuple(_rule(each, profiles, upstreams) for each in document.rules),
        placeholder_scope=document.placeholders.scope,
        restore_in_urls=document.placeholders.restore_in_urls,
        unknown_state=document.upstream_state.unknown,
        answers=MappingProxyType(_answers(document)),
        canary_strings=document.canary_strings,
    )


def _answers(document: RulesDocument) -> dict[str, AnswerProfile]:
    known = dict(BUILT_IN_ANSWERS)
    for name, each in document.answers.items():
        actions = {entity: AnswerAction(action) for entity, action in each.entities.items()}
        known[name] = AnswerProfile(name, MappingProxyType(actions), each.minimum_score)
    named = {rule.id: known[rule.then.answer] for rule in document.rules if rule.then.answer is not None}
    return {rule: profile for rule, profile in named.items() if not profile.idle}


def _table(document: ClassificationDocument, own: Mapping[str, Level]) -> ClassificationTable:
    # A marking stands for the level in its own name unless the table names it.
    entities = {
        name: Level.parse(name.removeprefix("MARKING_").lower())
        for name, group in ENTITY_GROUPS.items()
        if group is EntityGroup.MARKING
    }
    entities |= {name: Level.parse(level) for name, level in document.entities.items()}
    files = document.attachments
    levels = files if isinstance(files, AttachmentLevels) else AttachmentLevels(unknown=files)
    table = ClassificationTable(
        entities=MappingProxyType(entities),
        attachments=Level.parse(levels.unknown),
        opened_attachments=Level.parse(levels.opened),
        default=Level.parse(document.default),
        bulk=tuple(BulkRule(EntityGroup(b.group), b.distinct, Level.parse(b.level)) for b in document.bulk),
    )
    # Who gave a list or table a level knew what is in it: the policy may raise that level, not lower it.
    raised = {name: max(level, table.level_of(name)) for name, level in own.items()}
    return replace(table, entities=MappingProxyType({**entities, **raised}))


def _profile(name: str, document: ProfileDocument) -> Profile:
    entities = {entity: Operator(operator) for entity, operator in document.entities.items()}
    if "*" in entities:
        entities.setdefault("@secret", Operator.PLACEHOLDER)
    return Profile(name, MappingProxyType(entities), document.minimum_score)


def _upstream(document: UpstreamDocument, folder: Path) -> Upstream:
    url = parse_base_url(document.base_url)
    return Upstream(
        id=document.id,
        tier=Tier(document.tier),
        scheme=url.scheme,
        host=url.host,
        port=url.port,
        prefix=url.prefix,
        dialects=expanded(document.dialects),
        models=MappingProxyType(dict(document.models)),
        credential=_credential(document.credential, folder) if document.credential else None,
        ca_file=_path(folder, document.ca_file),
        client_cert_file=_path(folder, document.client_certificate),
        client_key_file=_path(folder, document.client_key),
        sni=document.sni or "",
        connect_seconds=document.connect_seconds,
        response_seconds=document.response_seconds,
        allow_private=document.allow_private,
    )


def _credential(document: CredentialDocument, folder: Path) -> Credential:
    source = f"env:{document.env}" if document.env else f"file:{_path(folder, document.file)}"
    return Credential(document.header, document.prefix, source)


def _path(folder: Path, path: Path | None) -> str:
    return "" if path is None else str(resolve(folder, path))


def _rule(document: RuleDocument, profiles: Mapping[str, Profile], upstreams: Mapping[str, Upstream]) -> CompiledRule:
    then, when = document.then, document.when
    conditions = compiled(when)
    said = "; ".join(each.says for each in conditions) or "it matches every request"
    return CompiledRule(
        id=document.id,
        conditions=conditions,
        reason=f"rule {document.id} matched: {said}",
        deny=then.deny or "",
        route=tuple(upstreams[name] for name in then.route or ()),
        profile=profiles[then.profile] if then.profile else None,
        may_serve=_may_serve(when),
        wants_model=model_predicate(when.model) if when.model else lambda _name: True,
    )


def _may_serve(when: When) -> Callable[[AgentRecord], bool]:
    low, high = level_bounds(when.level)
    residual_low, residual_high = level_bounds(when.residual_level)
    floor, ceiling = max(low, residual_low), min(high, residual_high)

    def may_serve(agent: AgentRecord) -> bool:
        return (
            (when.agent is None or agent.agent_id in when.agent)
            and (when.tenant is None or agent.tenant in when.tenant)
            and (when.user is None or agent.user in when.user)
            and floor <= agent.clearance
            and agent.minimum_level <= ceiling
        )

    return may_serve


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
