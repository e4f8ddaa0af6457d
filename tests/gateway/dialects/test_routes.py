"""Routes: rows H-09, H-12, U-06, U-09, W-01."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import dialects
from gateway.dialects.every import MOUNTS
from gateway.errors import Refused

KNOWN = [
    ("POST", "/v1/chat/completions", "openai.chat", "generate"),
    ("POST", "/v1/responses", "openai.responses", "generate"),
    ("POST", "/v1/completions", "openai.completions", "generate"),
    ("POST", "/v1/embeddings", "openai.embeddings", "embed"),
    ("GET", "/v1/models", "openai.models", "models"),
    ("POST", "/v1/messages", "anthropic.messages", "generate"),
    ("POST", "/v1/messages/count_tokens", "anthropic.count_tokens", "count"),
]


@pytest.mark.parametrize(("method", "path", "name", "operation"), KNOWN)
def test_known_paths(method: str, path: str, name: str, operation: str) -> None:
    for target in (path, "/v1" + path, "/v1/v1" + path, path.replace("/", "//"), "/" + path):
        route = dialects.route(method, target)
        assert (route.dialect.name, route.operation, route.path, route.query) == (name, operation, path, "")


@pytest.mark.parametrize(
    ("method", "target"),
    [("POST", "/v1/messages?beta=true"), ("POST", "//v1/messages/count_tokens?beta=true")],
)
def test_the_query_of_beta_clients_is_kept(method: str, target: str) -> None:
    assert dialects.route(method, target).query == "beta=true"


def test_models_speaks_anthropic_to_anthropic_clients() -> None:
    for headers in ({"anthropic-version": "2023-06-01"}, {"x-api-key": "k"}):
        assert dialects.route("GET", "/v1/models?limit=1000", headers).dialect.name == "anthropic.models"
    assert dialects.route("GET", "/v1/models", {"authorization": "Bearer x"}).dialect.name == "openai.models"


@pytest.mark.parametrize(
    "target",
    [
        "/v1/%63hat/completions",
        "/v1%2fresponses",
        "/v1/./responses",
        "/v1/../v1/responses",
        "/v1/responses;x=1",
        "/v1\\responses",
        "/v1/responses#x",
        "http://api.example/v1/responses",
        "https://api.example/v1/responses",
        "*",
        "",
        "v1/responses",
        "/v1/resp onses",
        "/v1/responses\t",
        "/v1/responses\0",
        "/v1/r\u00e9sponses",
        "/v1/..",
        "/..%2fv1/responses",
        "/v1/responses\r\nx: y",
        "api.example:443",
        "/v1/%2e%2e/responses",
        "/" + "a" * 600,
        "/v1/responses%",
        "/v1/%c0%af/responses",
    ],
)
def test_tricks_are_400(target: str) -> None:
    with pytest.raises(Refused) as caught:
        dialects.route("POST", target)
    assert (caught.value.refusal.code, caught.value.refusal.status) == ("llmgw_unknown_route", 400)
    assert "/v1/chat/completions" in caught.value.refusal.message


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("HEAD", "/"),
        ("GET", "/"),
        ("GET", "/api/hello"),
        ("POST", "/chat/completions"),
        ("POST", "/v1/fine_tuning/jobs"),
        ("GET", "/v1/realtime"),
        ("POST", "/v1/realtime/client_secrets"),
        ("POST", "/v1/uploads"),
        ("POST", "/v1/uploads/upload_1/parts"),
        ("POST", "/v1/containers"),
        ("GET", "/v1/organization/users"),
        ("POST", "/v1/vector_stores/vs_1/search"),
        ("GET", "/v1/vaults"),
        ("POST", "/v1/sessions"),
        ("GET", "/v1/files/file-1/content?x=1"),
        ("GET", "/v1/files/" + "a" * 129),
        ("GET", "/v1/files/file.1"),
        ("GET", "/v1/files?limit=5&limit=6"),
        ("GET", "/v1/files?after=a%40b"),
        ("POST", "/openai/deployments/x/chat/completions?api-version=1"),
        ("POST", "/openai/deployments/x.y/z/chat/completions"),
        ("GET", "/v1/models/gpt-4.1"),
        ("POST", "/v1/responses/"),
        ("POST", "/V1/responses"),
        ("POST", "/v1/Responses"),
        ("POST", "/v2/responses"),
        ("POST", "/v1/responses?x=1"),
        ("POST", "/v1/responses?"),
        ("POST", "/v1/messages?beta=false"),
        ("POST", "/v1/messages?beta=true&x=1"),
        ("POST", "/v1/messages?beta=true#x"),
        ("POST", "/v1/messages?beta=tru%65"),
        ("POST", "/v1/chat/completions?beta=true"),
        ("GET", "/v1/models?limit=x"),
        ("POST", "//host/v1/responses"),
        ("GET", "/v1/models?after_id=mail@example.org"),
    ],
)
def test_what_does_not_exist_is_404(method: str, target: str) -> None:
    with pytest.raises(Refused) as caught:
        dialects.route(method, target)
    assert (caught.value.refusal.code, caught.value.refusal.status) == ("llmgw_unknown_route", 404)
    assert "/v1/messages" in caught.value.refusal.message
    assert "example.org" not in caught.value.refusal.message


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        (method, path, known)
        for known, path, *_ in KNOWN
        for method in ("GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "POST", "post", "QUERY")
        if method != known and (method, path) != ("GET", "/v1/chat/completions")
    ],
)
def test_other_methods_are_405(method: str, path: str, allow: str) -> None:
    with pytest.raises(Refused) as caught:
        dialects.route(method, path)
    refusal = caught.value.refusal
    assert (refusal.code, refusal.status) == ("llmgw_method_not_allowed", 405)
    answer = dialects.dialect_for_error(path, {}).refuse(refusal, "r")
    assert dict(answer.headers)["allow"] == allow


def test_a_websocket_upgrade_is_426() -> None:
    with pytest.raises(Refused) as caught:
        dialects.route("GET", "/v1/responses", {"upgrade": "WebSocket"})
    assert caught.value.refusal.status == 426


@given(st.text(max_size=60), st.dictionaries(st.text(max_size=20), st.text(max_size=20), max_size=3))
def test_any_target_is_refused_or_known(target: str, headers: dict[str, str]) -> None:
    assert dialects.dialect_for_error(target, headers) in dialects.DIALECTS
    try:
        route = dialects.route("POST", target)
    except Refused:
        return
    assert re.fullmatch("/[A-Za-z0-9._:/-]+", route.path)


@pytest.mark.parametrize(
    ("target", "headers", "family"),
    [
        ("/v1/messages", {}, "anthropic"),
        ("/v1/messages/batches", {}, "anthropic"),
        ("/v1/nothing", {"Anthropic-Version": "2023-06-01"}, "anthropic"),
        ("/", {"X-Api-Key": "k"}, "anthropic"),
        ("/v1/models", {"anthropic-version": "2023-06-01"}, "anthropic"),
        ("/v1/models", {}, "openai"),
        ("/v1/chat/completions", {"anthropic-version": "2023-06-01"}, "openai"),
        ("http://x/%%", {}, "openai"),
    ],
)
def test_the_shape_of_an_error_is_guessed(target: str, headers: dict[str, str], family: str) -> None:
    assert dialects.dialect_for_error(target, headers).family == family


STORED = [
    ("POST", "/v1/files", {}, "openai.files.create", {}),
    ("GET", "/v1/files/file-Ab1", {}, "openai.files.get", {"file": "file-Ab1"}),
    ("GET", "/v1/files/file_1/content", {"x-api-key": "k"}, "anthropic.files.content", {"file": "file_1"}),
    ("DELETE", "/v1/files/file-1", {}, "openai.files.delete", {"file": "file-1"}),
    ("POST", "/v1/batches/batch_1/cancel", {}, "openai.batches.cancel", {"batch": "batch_1"}),
    ("POST", "/v1/responses/compact", {}, "openai.responses.compact", {}),
    ("POST", "/v1/responses/resp_1/cancel", {}, "openai.responses.cancel", {"response": "resp_1"}),
    ("GET", "/v1/messages/batches/msgbatch_1/results", {}, "anthropic.batches.results", {"batch": "msgbatch_1"}),
    ("POST", "/openai/v1/responses", {}, "openai.responses", {}),
    ("POST", "/openai/deployments/d/embeddings?api-version=2024-10-21", {}, "azure.embeddings", {"deployment": "d"}),
    ("POST", "/openai/responses?api-version=preview", {}, "azure.responses", {}),
    ("GET", "/openai/files/assistant-1?api-version=2024-10-21", {}, "azure.files.get", {"file": "assistant-1"}),
    ("GET", "/v1/conversations/conv_1/items/msg_2", {}, "openai.conversations.items.get", None),
]  # fmt: skip


@pytest.mark.parametrize(("method", "target", "headers", "name", "parameters"), STORED)
def test_paths_with_parameters(
    method: str, target: str, headers: dict[str, str], name: str, parameters: dict[str, str] | None
) -> None:
    route = dialects.route(method, target, headers)
    assert route.dialect.name == name
    assert parameters is None or dict(route.parameters) == parameters
    assert route.target("") == target.removeprefix("/openai" if target.startswith("/openai/v1") else "/nothing")


def test_the_upstreams_name_of_the_model_stands_in_the_path() -> None:
    route = dialects.route("POST", "/openai/deployments/mine/chat/completions?api-version=2024-10-21")
    assert route.target("theirs") == "/openai/deployments/theirs/chat/completions?api-version=2024-10-21"
    assert route.target("a/b c") == "/openai/deployments/a%2Fb%20c/chat/completions?api-version=2024-10-21"


def test_a_model_in_the_body_that_is_not_the_paths_is_ambiguous() -> None:
    route = dialects.route("POST", "/openai/deployments/mine/chat/completions?api-version=2024-10-21")
    body = {"model": "mine", "messages": []}
    assert dialects.read(route, json.dumps(body).encode()).models == ("/model",)
    assert dialects.read(route, b'{"messages": []}').model == "mine"
    with pytest.raises(Refused) as caught:
        dialects.read(route, json.dumps({**body, "model": "other"}).encode())
    assert caught.value.refusal.code == "llmgw_ambiguous_request"


def test_every_dialect_has_a_path_of_its_own() -> None:
    for dialect in dialects.DIALECTS:
        sample = re.sub(r"\{[a-z_]+\}", "x1", dialect.path)
        reached = {
            dialects.route(dialect.method, mount + sample, headers).dialect.name
            for mount in MOUNTS[dialect.family]
            for headers in ({}, {"x-api-key": "k"})
        }
        assert dialect.name in reached


def test_what_a_path_names_is_scanned_unless_it_is_plainly_an_id() -> None:
    def spans(identifier: str) -> list[tuple[str, str, str]]:
        prompt = dialects.read(dialects.route("GET", f"/v1/files/{identifier}"), b"", "")
        assert prompt.references == (identifier,)
        return [(span.path, span.text, span.kind.value) for span in prompt.spans]

    assert spans("file-Ab3kd93kdk2m4n5b6v7c8x") == []
    assert spans("maria-lindqvist-1980") == [("/file", "maria-lindqvist-1980", "sealed")]
    assert spans("4111111111111111") == [("/file", "4111111111111111", "sealed")]
