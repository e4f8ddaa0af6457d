"""The bodies of each dialect: everything that a client may say, with a chance of a value in each text."""

from __future__ import annotations

from collections.abc import Callable

from tests.support.requests import Builder, Json

Made = tuple[Json, str | None]


def _common(b: Builder, tree: Json) -> Json:
    """Fields that all dialects of a family share, and one that none has."""
    if b.some(0.15):
        tree["x_unknown"] = b.free("unknown field")
    if b.some(0.05):
        tree[b.value("top-level key")] = b.text("under a top-level key")
    names = list(tree)
    b.rng.shuffle(names)
    return {name: tree[name] for name in names}


def _openai(b: Builder, tree: Json) -> Json:
    if b.some(0.2):
        tree["user"] = b.text("user", 0.6)
    if b.some(0.2):
        tree["metadata"] = {b.key("metadata"): b.text("metadata", 0.5) for _ in range(2)}
    return _common(b, tree)


def _chat_tool(b: Builder) -> Json:
    function = {"name": "send", "description": b.text("tool description"), "parameters": b.schema("tool schema")}
    return {"type": "function", "function": function}


def chat(b: Builder) -> Made:
    """Chat Completions."""
    last = b.last_words()
    messages: Json = []
    if b.some(0.4):
        messages.append({"role": b.rng.choice(("system", "developer")), "content": b.parts("text", b.text("system"))})
    if b.some(0.4):
        messages.append({"role": "user", "content": b.text("earlier message")})
        if b.some(0.5):
            function = {"name": "send", "arguments": b.nested("tool arguments")}
            messages.append(
                {
                    "role": "assistant",
                    "content": None,
                    "tool_calls": [{"id": "call_a1", "type": "function", "function": function}],
                }
            )
            content = b.nested("tool result") if b.some(0.5) else b.text("tool result")
            messages.append({"role": "tool", "tool_call_id": "call_a1", "content": content})
        else:
            messages.append({"role": "assistant", "content": b.parts("text", b.text("assistant"))})
    message: Json = {"role": "user", "content": b.parts("text", last)}
    if b.some(0.1):
        message["name"] = b.text("message name", 0.5)
    messages.append(message)
    tree: Json = {"model": "gpt-4.1", "messages": messages}
    if b.some(0.35):
        tree["tools"] = [_chat_tool(b) for _ in range(b.rng.randint(1, 2))]
    if b.some(0.15):
        tree["stop"] = b.text("stop") if b.some(0.5) else [b.text("stop"), "END"]
    if b.some(0.1):
        schema = {"name": "answer", "schema": b.schema("response format"), "strict": False}
        tree["response_format"] = {"type": "json_schema", "json_schema": schema}
    if b.some(0.1):
        tree["prediction"] = {"type": "content", "content": b.text("prediction")}
    if b.some(0.45):
        tree["stream"] = True
        if b.some(0.5):
            tree["stream_options"] = {"include_usage": True}
    return _openai(b, tree), last


def responses(b: Builder) -> Made:
    """Responses."""
    last = b.last_words()
    tree: Json = {"model": "gpt-4.1", "input": last}
    if b.some(0.6):
        items: Json = []
        if b.some(0.4):
            items.append({"role": "user", "content": b.parts("input_text", b.text("earlier message"))})
            items.append(
                {
                    "role": "assistant",
                    "content": [{"type": "output_text", "text": b.text("assistant"), "annotations": []}],
                }
            )
        if b.some(0.4):
            items.append(
                {"type": "function_call", "call_id": "call_a1", "name": "send", "arguments": b.nested("tool arguments")}
            )
            items.append({"type": "function_call_output", "call_id": "call_a1", "output": b.text("tool result", 0.5)})
        items.append({"role": "user", "content": b.parts("input_text", last)})
        tree["input"] = items
    if b.some(0.4):
        tree["instructions"] = b.text("instructions", 0.5)
    if b.some(0.35):
        tree["tools"] = [
            {
                "type": "function", "name": "send", "description": b.text("tool description"), "strict": False,
                "parameters": b.schema("tool schema"),
            }
        ]  # fmt: skip
    if b.some(0.45):
        tree["stream"] = True
    return _openai(b, tree), last


def messages(b: Builder) -> Made:
    """Anthropic Messages."""
    last = b.last_words()
    turns: Json = []
    if b.some(0.5):
        turns.append({"role": "user", "content": b.parts("text", b.text("earlier message"))})
        if b.some(0.5):
            call = {"type": "tool_use", "id": "toolu_a1", "name": "send", "input": {"q": b.free("tool arguments")}}
            turns.append({"role": "assistant", "content": [{"type": "text", "text": b.text("assistant")}, call]})
            content = b.text("tool result") if b.some(0.5) else [{"type": "text", "text": b.nested("tool result")}]
            turns.append(
                {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_a1", "content": content}]}
            )
        turns.append({"role": "assistant", "content": b.text("assistant")})
    turns.append({"role": "user", "content": b.parts("text", last)})
    tree: Json = {"model": "claude-sonnet-4-5", "max_tokens": 100, "messages": turns}
    if b.some(0.4):
        tree["system"] = b.parts("text", b.text("system", 0.5))
    if b.some(0.35):
        tree["tools"] = [
            {"name": "send", "description": b.text("tool description"), "input_schema": b.schema("tool schema")}
        ]
    if b.some(0.2):
        tree["metadata"] = {"user_id": b.text("user", 0.6)}
    if b.some(0.15):
        tree["stop_sequences"] = [b.text("stop"), "END"]
    if b.some(0.45):
        tree["stream"] = True
    return _common(b, tree), last


def count_tokens(b: Builder) -> Made:
    """Anthropic's token counter: as Messages, less what only a generation has."""
    tree, _ = messages(b)
    for name in ("stream", "max_tokens", "metadata", "stop_sequences"):
        tree.pop(name, None)
    return tree, None


def completions(b: Builder) -> Made:
    """Completions."""
    last = b.last_words()
    several = b.some(0.3)
    # The stub repeats the last prompt of several.
    tree: Json = {"model": "gpt-4.1", "prompt": [b.text("earlier prompt"), last] if several else last}
    if b.some(0.2):
        tree["suffix"] = b.text("suffix", 0.5)
    if b.some(0.2):
        tree["stop"] = [b.text("stop")]
    if b.some(0.4):
        tree["stream"] = True
    return _openai(b, tree), last


def embeddings(b: Builder) -> Made:
    """Embeddings."""
    texts = [b.last_words(), *(b.text("further input", 0.4) for _ in range(b.rng.randint(0, 3)))]
    tree: Json = {"model": "text-embedding-3-small", "input": texts if b.some(0.7) else texts[0]}
    if b.some(0.3):
        tree["user"] = b.text("user", 0.6)
    return _common(b, tree), None


SHAPES: tuple[tuple[str, Callable[[Builder], Made]], ...] = (
    ("/v1/chat/completions", chat),
    ("/v1/chat/completions", chat),
    ("/v1/responses", responses),
    ("/v1/messages", messages),
    ("/v1/messages", messages),
    ("/v1/messages/count_tokens", count_tokens),
    ("/v1/completions", completions),
    ("/v1/embeddings", embeddings),
)
