"""What can be wrong with one upstream of a policy. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from gateway.diagnostics import Diagnostic, did_you_mean
from gateway.document_model import SourceMap
from routing_rules.cloud_tags import runs_in_cloud
from routing_rules.dialect_names import named
from routing_rules.model import DIALECTS, UpstreamDocument
from routing_rules.urls import BadUrl, address, is_loopback, is_private, parse_base_url

_FORBIDDEN_HEADERS: Final = frozenset(
    {"host", "content-length", "content-type", "content-encoding", "transfer-encoding", "connection", "upgrade", "te",
     "trailer", "keep-alive", "proxy-connection", "expect", "cookie", "accept", "accept-encoding"}
)  # fmt: skip

type _Loc = tuple[int | str, ...]


def lint_upstream(upstream: UpstreamDocument, loc: _Loc, source: SourceMap) -> list[Diagnostic]:
    """Every fault of `upstream`, which stands at `loc`."""
    found = (*_address(upstream, loc), *_names(upstream, loc), *_files(upstream, loc))
    return [source.diagnostic(*fault) for fault in found]


type _Fault = tuple[_Loc, str, str, str]


def _address(upstream: UpstreamDocument, loc: _Loc) -> Iterator[_Fault]:
    at = (*loc, "base_url")
    try:
        url = parse_base_url(upstream.base_url)
    except BadUrl as bad:
        yield at, bad.message, bad.fix, "base-url"
        return
    known = address(url.host)
    if known is not None and (known.is_link_local or known.is_multicast or known.is_unspecified):
        yield (
            at,
            "no model is served at a link-local, multicast or unspecified address",
            "write its address",
            "base-url",
        )
    elif is_private(url.host) and not upstream.allow_private:
        yield (
            at,
            "base_url is a private address",
            "add allow_private: true to this upstream if that is meant",
            "private",
        )
    if url.scheme == "https" and upstream.ca_file is None:
        fix = "add ca_file: with the PEM bundle to trust; the system's store is never used"
        yield at, "https without ca_file", fix, "no-ca-file"
    if url.scheme == "http":
        if not is_loopback(url.host) and not (upstream.allow_private and upstream.tier == "on_prem"):
            fix = "use https; plain http is for loopback, or on_prem with allow_private: true"
            yield at, "prompts would travel in clear text", fix, "clear-http"
        for key in ("ca_file", "client_certificate", "client_key", "sni"):
            if getattr(upstream, key) is not None:
                yield (*loc, key), f"{key} has no meaning with http", f"use https or remove {key}:", "tls-without-https"


def _names(upstream: UpstreamDocument, loc: _Loc) -> Iterator[_Fault]:
    for position, name in enumerate(upstream.dialects):
        if not named(name):
            at = (*loc, "dialects", position)
            yield at, f"unknown dialect {name}", did_you_mean(name, DIALECTS), "unknown-dialect"
    for name, there in upstream.models.items():
        at = (*loc, "models", name)
        if upstream.tier == "on_prem" and runs_in_cloud(name if there == "*" else there):
            fix = "give the tag of a model that runs here, or list the vendor as an upstream of its own tier"
            yield at, f"{there} runs at its vendor, whatever server is asked for it", fix, "cloud-tag"
        if there == "*" and name != "*":
            yield at, '"*" as a value goes with the key "*" only', f"write the name of {name} there", "bad-wildcard"
        elif "*" in name and name != "*":
            yield (
                at,
                'a model is a whole name, or "*" for every other',
                'list the names, or use "*": "*"',
                "bad-wildcard",
            )


def _files(upstream: UpstreamDocument, loc: _Loc) -> Iterator[_Fault]:
    if (upstream.client_certificate is None) != (upstream.client_key is None):
        given = "client_certificate" if upstream.client_key is None else "client_key"
        other = "client_key" if upstream.client_key is None else "client_certificate"
        yield (*loc, given), f"{given} stands without {other}", f"add {other}:", "half-pair"
    credential = upstream.credential
    if credential is None:
        return
    at = (*loc, "credential")
    if (credential.file is None) == (credential.env is None):
        yield at, "a credential has exactly one source", "give file: or env:, not both", "credential-source"
    if credential.header in _FORBIDDEN_HEADERS or credential.header.startswith("x-llmgw"):
        fix = "use authorization, x-api-key, api-key or what the upstream documents"
        yield (*at, "header"), "this header cannot carry a credential", fix, "credential-header"
