"""A client that keeps its connection, and what it reads in the answers of each dialect."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass, field
from typing import Any

from tests.support.gateway import RunningGateway
from tests.support.requests import Case


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes = field(repr=False)

    @property
    def code(self) -> str:
        """The code of a refusal, whichever dialect; empty for an answer."""
        if self.status == 200:
            return ""
        error = json.loads(self.body)["error"]
        return str(error.get("code") or error.get("message", "").partition(":")[0])


class Client:
    """One connection with a client certificate."""

    def __init__(self, gateway: RunningGateway, agent: str = "demo") -> None:
        self._gateway = gateway
        self._context = gateway.client_context(agent)
        self._connection: http.client.HTTPSConnection | None = None
        self.opened = 0

    def send(self, case: Case) -> Answer:
        """Send one case and read the whole answer."""
        headers = {"content-type": "application/json"}
        if case.coding:
            headers["content-encoding"] = case.coding
        return self.post(case.path, case.body, headers, chunked=case.chunked)

    def post(self, path: str, body: bytes, headers: dict[str, str], *, chunked: bool = False) -> Answer:
        """Send a body, in pieces if `chunked`."""
        connection = self._open()
        connection.putrequest("POST", path, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name, value)
        if chunked:
            connection.putheader("transfer-encoding", "chunked")
            size = max(1, len(body) // 3)
            pieces = [body[at : at + size] for at in range(0, len(body), size)]
            connection.endheaders(iter(pieces), encode_chunked=True)
        else:
            connection.putheader("content-length", str(len(body)))
            connection.endheaders(body)
        response = connection.getresponse()
        answer = Answer(
            response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()
        )
        if response.will_close:
            self.close()
        return answer

    def _open(self) -> http.client.HTTPSConnection:
        if self._connection is None:
            self._connection = http.client.HTTPSConnection(
                "localhost", self._gateway.port, context=self._context, timeout=30
            )
            self._connection.connect()
            self.opened += 1
        return self._connection

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def said(path: str, body: bytes, *, stream: bool) -> str:
    """What the model said or gave a tool, of an answer of the stub: text, or the `text` argument of its call."""
    if stream:
        events = [json.loads(line[6:]) for line in body.split(b"\n") if line.startswith(b"data: {")]
        text, arguments = "", ""
        for event in events:
            more, call = _DELTAS[path](event)
            text += more
            arguments += call
    else:
        text, arguments = _WHOLE[path](json.loads(body))
    return str(json.loads(arguments)["text"]) if arguments else text.removeprefix("You said: ")


def _chat_delta(event: Any) -> tuple[str, str]:
    text = arguments = ""
    for choice in event["choices"]:
        text += choice["delta"].get("content") or ""
        arguments += "".join(
            call["function"].get("arguments") or "" for call in choice["delta"].get("tool_calls") or ()
        )
    return text, arguments


def _responses_delta(event: Any) -> tuple[str, str]:
    if event["type"] == "response.output_text.delta":
        return event["delta"], ""
    if event["type"] == "response.function_call_arguments.delta":
        return "", event["delta"]
    return "", ""


def _messages_delta(event: Any) -> tuple[str, str]:
    delta = event.get("delta") or {}
    return delta.get("text", ""), delta.get("partial_json", "")


def _completions_delta(event: Any) -> tuple[str, str]:
    return "".join(choice["text"] for choice in event["choices"]), ""


def _chat_whole(body: Any) -> tuple[str, str]:
    message = body["choices"][0]["message"]
    calls = message.get("tool_calls") or ()
    return message["content"] or "", "".join(call["function"]["arguments"] for call in calls)


def _responses_whole(body: Any) -> tuple[str, str]:
    item = body["output"][0]
    return ("", item["arguments"]) if item["type"] == "function_call" else (item["content"][0]["text"], "")


def _messages_whole(body: Any) -> tuple[str, str]:
    block = body["content"][0]
    return ("", json.dumps(block["input"])) if block["type"] == "tool_use" else (block["text"], "")


_DELTAS = {
    "/v1/chat/completions": _chat_delta,
    "/v1/responses": _responses_delta,
    "/v1/messages": _messages_delta,
    "/v1/completions": _completions_delta,
}
_WHOLE = {
    "/v1/chat/completions": _chat_whole,
    "/v1/responses": _responses_whole,
    "/v1/messages": _messages_whole,
    "/v1/completions": lambda body: (body["choices"][0]["text"], ""),
}
