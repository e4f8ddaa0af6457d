"""The answer on its way back: headers by allow-list, values restored, the credential masked, errors kept native."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from mitmproxy import http

from addons.native import reason, refusal_response, verdict_headers
from addons.parking import PARKED
from addons.proxy.http import answer_too_large
from addons.state import EXCHANGE, Phase
from addons.upstream_state import keep_and_tidy
from gateway import codings
from gateway.errors import Refusal, Refused, answer_failed, internal_error, parked
from gateway.restore import RestoredAnswer, restore_answer, restore_bytes, stream_filter, streams

if TYPE_CHECKING:
    from collections.abc import Iterator

    from addons.dispatch import FailClosedAddons
    from addons.state import ConnectionState
    from addons.surroundings import Surroundings
    from gateway.exchange import Exchange

_KEPT: Final = frozenset(
    {
        "retry-after", "retry-after-ms", "x-should-retry", "x-request-id", "request-id", "openai-processing-ms",
        "openai-version", "openai-model", "anthropic-organization-id-hash", "x-amzn-errortype", "x-amzn-requestid",
    }
)  # fmt: skip
_KEPT_PREFIXES: Final = ("x-ratelimit-", "anthropic-ratelimit-")
_VALUE_BOUND: Final = 256
_BINARY: Final = ("audio/", "image/", "video/")
"""Media types whose bytes are never text."""
_PROBLEM: Final = "application/problem+json"
_MEDIA_TYPE: Final = re.compile(r"[a-z]{1,16}/[a-z0-9.+-]{1,80}")


class Response:
    """Turns an upstream's answer into the gateway's."""

    def __init__(self, surroundings: Surroundings, manager: FailClosedAddons) -> None:
        self._surroundings = surroundings
        self._connections = manager.connections

    def responseheaders(self, flow: http.HTTPFlow) -> None:
        """Decide how the answer is relayed: streamed through the restore filter, or whole."""
        exchange: Exchange = flow.metadata[EXCHANGE]
        state = self._connections[flow.client_conn.id]
        if exchange.released is None:
            self._own_answer(flow, exchange, state)
            return
        answer = flow.response
        if answer is None:
            raise Refused(internal_error())
        now = self._surroundings.monotonic()
        exchange.timings["first_byte"] = (now - exchange.started) * 1000 - exchange.timings["release"]
        exchange.status = answer.status_code
        state.enter(Phase.ANSWER, now)
        media_type = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
        coding = answer.headers.get("content-encoding", "identity").strip().lower()
        fault = answer_fault(exchange, media_type, coding)
        if fault is not None:
            raise Refused(fault)
        exchange_coding = "" if coding == "identity" else coding
        flow.response = _rebuilt(answer, exchange, self._surroundings.draining)
        if _is_stream(exchange, media_type):
            self._stream(flow, exchange, state, media_type)
        elif exchange_coding:
            flow.response.headers["content-encoding"] = exchange_coding

    def _own_answer(self, flow: http.HTTPFlow, exchange: Exchange, state: ConnectionState) -> None:
        if flow.response is PARKED or (exchange.refusal is None and exchange.answer is None):
            exchange.refusal = exchange.refusal or parked()
            flow.response = refusal_response(exchange.refusal, exchange)
        if flow.response is not None:
            exchange.status = flow.response.status_code
            self._say_goodbye(flow.response, state)

    def _say_goodbye(self, answer: http.Response, state: ConnectionState | None) -> None:
        if self._surroundings.draining or (state is not None and state.closing):
            answer.headers["connection"] = "close"

    def _stream(self, flow: http.HTTPFlow, exchange: Exchange, state: ConnectionState, media_type: str) -> None:
        if exchange.route is None or exchange.redaction is None or flow.response is None:
            raise Refused(internal_error())
        exchange.stream = stream_filter(
            exchange.route.dialect.name,
            exchange.redaction.restore,
            masks=exchange.masks,
            in_urls=exchange.snapshot.policy.restore_in_urls,
            media_type=media_type,
            guard=self._surroundings.answer_guards.guard(exchange),
            watch=exchange.watch,
        )
        flow.response.headers["transfer-encoding"] = "chunked"
        flow.response.stream = StreamPump(exchange, state)
        exchange.cleared = True

    async def response(self, flow: http.HTTPFlow) -> None:
        """The whole answer is here: look through it, restore it. A fault found at its headers replaces it."""
        exchange: Exchange = flow.metadata[EXCHANGE]
        if exchange.stream is not None:
            exchange.usage = exchange.stream.usage
            exchange.restored = exchange.stream.restored
            return
        if exchange.released is None or exchange.refusal is not None:
            if exchange.status and exchange.refusal is not None:
                flow.response = refusal_response(exchange.refusal, exchange)
                exchange.status = flow.response.status_code
                self._say_goodbye(flow.response, self._connections.get(flow.client_conn.id))
            return
        answer = flow.response
        if answer is None or exchange.route is None or exchange.redaction is None:
            raise Refused(internal_error())
        body = _decoded(answer, exchange)
        guards = self._surroundings.answer_guards
        guard = guards.guard(exchange)
        binary = answer.headers.get("content-type", "").startswith(_BINARY) and exchange.status < 400
        if guard is not None and exchange.agent is not None and not binary:
            body = await guards.look(guard, body, self._surroundings.scanner, exchange.agent.agent_id)
        restored = _restored(exchange, body, answer.headers.get("content-type", ""))
        if not restored.is_json and exchange.status < 400 and not exchange.route.dialect.media:
            # A login page under a wrong name, or an answer that was cut: an error may be plain text, an answer not.
            raise Refused(_strange("", "answered with something that is not JSON"))
        exchange.usage = restored.usage
        exchange.restored = restored.restored
        content = keep_and_tidy(exchange, restored.body, self._surroundings.upstream_state)
        answer.data.content = content
        answer.headers["content-length"] = str(len(content))
        exchange.cleared = True


def _is_stream(exchange: Exchange, media_type: str) -> bool:
    if exchange.route is None or (media_type == "application/json" and exchange.status >= 300):
        return False  # where a stream is a JSON array, an error is one object all the same
    return streams(exchange.route.dialect.name, media_type)


def _restored(exchange: Exchange, body: bytes, content_type: str) -> RestoredAnswer:
    """A whole answer, as its dialect and its media type say."""
    if exchange.route is None or exchange.redaction is None:
        raise Refused(internal_error())
    if content_type.startswith(_BINARY) and exchange.status < 400:
        return restore_bytes(body, exchange.masks)
    return restore_answer(
        exchange.route.dialect.name,
        body,
        exchange.redaction.restore,
        masks=exchange.masks,
        in_urls=exchange.snapshot.policy.restore_in_urls,
    )


def answer_fault(exchange: Exchange, media_type: str, coding: str) -> Refusal | None:
    """Why an answer is not relayed, or None. Judged by its head alone."""
    status = exchange.status
    upstream = exchange.decision.upstream.id if exchange.decision and exchange.decision.upstream else ""
    if status in (401, 403):
        return Refusal(
            "llmgw_upstream_credential",
            502,
            f"The model's server ({upstream}) does not accept the gateway's credential. Tell the gateway's operator; "
            "retrying does not help.",
        )
    if status < 200 or 300 <= status < 400:
        return _strange(upstream, "answered with a redirect or an interim status")
    if coding not in ("identity", "gzip", "deflate", "br", "zstd"):
        return _strange(upstream, "answered in an unknown content coding")
    if _is_stream(exchange, media_type):
        if coding != "identity":
            return _strange(upstream, "compressed a stream though it was asked not to")
        return None
    if media_type not in ("application/json", _PROBLEM) and not (status < 300 and _expected(exchange, media_type)):
        if status >= 400:
            return Refusal(
                "llmgw_upstream_error",
                status if status in (404, 408, 409, 413, 422, 429) else 502,
                f"The model's server ({upstream}) answered with HTTP {status} and no readable error.",
                retry=status in (408, 409, 429) or status >= 500,
            )
        return _strange(upstream, "answered with something that is not JSON")
    return None


def _expected(exchange: Exchange, media_type: str) -> bool:
    """Whether a good answer of the dialect may have this media type."""
    media = exchange.route.dialect.media if exchange.route is not None else ()
    return "*" in media or media_type in media or f"{media_type.partition('/')[0]}/*" in media


def _decoded(answer: http.Response, exchange: Exchange) -> bytes:
    """The body without its coding, within the bound. What `codings` says of requests is put in an answer's words."""
    limit = exchange.snapshot.settings.limits.answer_bytes
    try:
        return codings.decode(answer.raw_content or b"", answer.headers.pop("content-encoding", None), limit=limit)
    except Refused as refused:
        too_large = refused.refusal.code == "llmgw_body_too_large"
        fault = (
            answer_too_large(limit) if too_large else _strange("", "sent a body that does not match its content coding")
        )
        raise Refused(fault) from None


def _strange(upstream: str, what: str) -> Refusal:
    server = f"The model's server ({upstream})" if upstream else "The model's server"
    return Refusal(
        "llmgw_upstream_answer",
        502,
        f"{server} {what}, so its answer was not relayed. Tell the gateway's operator.",
    )


def _rebuilt(answer: http.Response, exchange: Exchange, draining: bool) -> http.Response:
    """A response of our own around the upstream's body: nothing of its head passes but what is listed."""
    fields = [(b"content-type", _content_type(answer, exchange))]
    fields += [(n.encode("ascii"), v.encode("ascii")) for n, v in verdict_headers(exchange)]
    for raw_name, raw_value in answer.headers.fields:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        if not (name in _KEPT or name.startswith(_KEPT_PREFIXES)):
            continue
        if value.isascii() and value.isprintable() and len(value) <= _VALUE_BOUND and not _masked(value, exchange):
            fields.append((name.encode("ascii"), value.encode("ascii")))
    if draining:
        fields.append((b"connection", b"close"))
    return http.Response(
        http_version=b"HTTP/1.1",
        status_code=answer.status_code,
        reason=reason(answer.status_code),
        headers=http.Headers(fields),
        content=None,
        trailers=None,
        timestamp_start=0.0,
        timestamp_end=None,
    )


def _content_type(answer: http.Response, exchange: Exchange) -> bytes:
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "text/event-stream":
        return b"text/event-stream; charset=utf-8"
    passes = _is_stream(exchange, kind) or _expected(exchange, kind)
    return kind.encode("ascii") if passes and _MEDIA_TYPE.fullmatch(kind) else b"application/json"


def _masked(value: str, exchange: Exchange) -> bool:
    return any(mask in value for mask in exchange.masks)


class StreamPump:
    """What mitmproxy calls for each chunk of a streamed answer. An exception in here would hang the client: none gets
    out; the stream ends natively instead, and the upstream is closed."""

    def __init__(self, exchange: Exchange, state: ConnectionState) -> None:
        self._exchange = exchange
        self._state = state
        self._dead = False
        self._bytes = 0

    def __call__(self, data: bytes) -> bytes | Iterator[bytes]:
        """The bytes that may go out for `data`; an empty `data` is the end."""
        stream = self._exchange.stream
        if self._dead or stream is None:
            return b""
        self._state.since = self._state.surroundings.monotonic()
        self._bytes += len(data)
        try:
            if self._bytes > self._exchange.snapshot.settings.limits.answer_bytes:
                raise Refused(_strange("", "sent more than the gateway relays"))
            out = stream.feed(data) if data else stream.close()
        except Exception as error:  # noqa: BLE001 - the fail-closed wrapper of a stream
            return self._end(error.refusal if isinstance(error, Refused) else answer_failed(), error)
        if stream.failed is not None and not self._dead:
            return out + self._end(stream.failed, Refused(stream.failed))
        return out

    def upstream_failed(self) -> bytes:
        """The upstream broke off: the bytes that end the stream in the dialect's words."""
        if self._dead:
            return b""
        fault = self._exchange.fault or Refusal(
            "llmgw_upstream_failed",
            502,
            "The model's server broke off in the middle of its answer. Try again.",
            retry=True,
        )
        return self._end(fault, None)

    def _end(self, refusal: Refusal, error: BaseException | None) -> bytes:
        self._dead = True
        exchange = self._exchange
        exchange.fault = refusal
        if error is not None:
            self._state.surroundings.metrics.hook_failure("stream")
            self._state.drop_upstreams()
        return exchange.stream.abort(refusal) if exchange.stream is not None else b""
