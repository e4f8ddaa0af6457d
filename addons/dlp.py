"""Reads the body as its dialect says, has its attachments opened and every span of it scanned."""

from __future__ import annotations

import asyncio
import functools
from typing import TYPE_CHECKING, Final

from mitmproxy import http

from addons.state import EXCHANGE
from gateway.errors import Refused, internal_error
from gateway.steps import incomplete, prompt_with, read_prompt

if TYPE_CHECKING:
    from addons.surroundings import Surroundings
    from gateway.exchange import Exchange

OFFLOAD_BYTES: Final = 262_144
"""From this size on a body is parsed in a thread, so that others get their turns in between."""


class Dlp:
    """Body -> Prompt -> ScanResult. Whatever was not scanned refuses the request."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._surroundings = surroundings

    async def request(self, flow: http.HTTPFlow) -> None:
        """Parse and scan. An incomplete scan is a refusal; one that a retry may mend says so."""
        exchange: Exchange = flow.metadata[EXCHANGE]
        route, agent = exchange.route, exchange.agent
        if route is None or agent is None:
            raise Refused(internal_error())
        if route.operation == "models":
            return
        coded = flow.request.raw_content or b""
        snapshot, (coding, kind) = exchange.snapshot, _head(flow)
        if len(coded) >= OFFLOAD_BYTES:
            read = functools.partial(read_prompt, coding=coding, content_type=kind)
            prompt, digest = await asyncio.to_thread(read, route, snapshot, coded)
        else:
            prompt, digest = read_prompt(route, snapshot, coded, coding=coding, content_type=kind)
        exchange.prompt_hash = digest
        around = self._surroundings
        begin = around.monotonic()
        if prompt.attachments and around.opener is not None:
            opened = await around.opener.open(prompt.attachments, agent=agent.agent_id)
            if not opened.complete:
                exchange.prompt = prompt
            prompt = prompt_with(prompt, opened)
            exchange.timings["open"] = (around.monotonic() - begin) * 1000
            begin = around.monotonic()
        exchange.prompt = prompt
        scan = await around.scanner.scan(prompt.spans, agent=agent.agent_id)
        exchange.timings["scan"] = (around.monotonic() - begin) * 1000
        exchange.scan = scan
        if not scan.complete:
            raise Refused(incomplete(scan.reason))


def _head(flow: http.HTTPFlow) -> tuple[str | None, str]:
    """Content coding and type, as the request says."""
    headers = flow.request.headers
    return headers.get("content-encoding"), headers.get("content-type", "")
