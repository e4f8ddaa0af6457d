"""Refusals: the few ways in which the gateway says no, each with its code, status and what to do about it.

A refusal never quotes the text that caused it. Its status is one that the official SDKs do not retry by themselves,
unless a retry can help (`retry=True`).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is not served, in words that may be shown to the caller.

    `code` is stable and begins with `llmgw_`; `status` is the HTTP status in the OpenAI family of dialects (another
    dialect may map it); `message` says what happened and what to do; `retry` says whether the same request may succeed
    later.
    """

    code: str
    status: int
    message: str
    retry: bool = False


class Refused(Exception):
    """Raised anywhere on the path to end an exchange with a refusal. Carries nothing but the refusal."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.code)
        self.refusal = refusal


class ConfigurationError(Exception):
    """A file, flag or environment that cannot be used. `str()` is the text for the operator, fix included."""


def internal_error() -> Refusal:
    """The refusal for a fault of the gateway's own: nothing has left, and a retry may help."""
    return Refusal(
        "llmgw_internal_error",
        503,
        "The egress gateway could not complete its checks, so nothing was sent. Try again; if it persists, give the "
        "x-llmgw-request-id of this answer to your security team.",
        retry=True,
    )


def answer_failed() -> Refusal:
    """The refusal for a fault of the gateway's own after the request had left: a repeat would be paid for twice."""
    return Refusal(
        "llmgw_answer_failed",
        502,
        "The model answered, but the egress gateway could not check its answer, so it was not relayed. Give the "
        "x-llmgw-request-id of this answer to your security team.",
    )


def parked() -> Refusal:
    """The refusal that stands from the first header until a complete chain of decisions replaces it."""
    return Refusal(
        "llmgw_not_released",
        503,
        "The egress gateway did not release this request, so nothing was sent. Try again; if it persists, give the "
        "x-llmgw-request-id of this answer to your security team.",
        retry=True,
    )
