"""Thousands of generated requests: no removed value reaches an upstream, and the client gets back what it wrote."""

from __future__ import annotations

import json
import queue
import random
import re
import threading
from collections import Counter
from collections.abc import Iterable, Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.answers import Answer, Client, said
from tests.support.gateway import RunningGateway, running
from tests.support.requests import REMOVABLE, WRAPPERS, Builder, Case, Json, Placed, case, dump, leaks

pytestmark = [pytest.mark.runtime, pytest.mark.slow]

CASES = 2_000
CONNECTIONS = 4
DESTINATIONS = {"third-party-openai", "third-party-anthropic", "sovereign-eu"}
"""Where the shipped rules send these values, always under the profile `pii`."""
UNUSUAL = {"llmgw_invalid_request", "llmgw_key_collision"}
"""Codes with which a drawn shape may be refused: it has the API's own field with a wrong type; two keys are alike."""
PLACEHOLDER = r"\[[A-Z][A-Z0-9_]*_[a-z2-7]{12}\]"


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    """Names by rules: what the model takes for a name is no planted value, and thousands of cases would wait for it."""
    with running(tmp_path_factory.mktemp("gateway"), settings={"dlp": {"names": "rules"}}) as instance:
        yield instance


def drive(gateway: RunningGateway, cases: Iterable[Case]) -> dict[str, Answer]:
    """Send every case over a few kept connections; answers by marker."""
    waiting: queue.SimpleQueue[Case] = queue.SimpleQueue()
    for each in cases:
        waiting.put(each)
    answers: dict[str, Answer] = {}
    faults: list[str] = []

    def work() -> None:
        client = Client(gateway)
        try:
            while True:
                each = waiting.get_nowait()
                answers[each.marker] = client.send(each)
        except queue.Empty:
            return
        except Exception as error:  # noqa: BLE001 - the reason is reported below, without the text it may hold
            faults.append(f"case {each.name}: {type(error).__name__}")
        finally:
            client.close()

    threads = [threading.Thread(target=work) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults, faults
    return answers


def upstream_bytes(gateway: RunningGateway) -> dict[str, bytes]:
    """What the upstreams recorded, by marker."""
    found: dict[str, bytes] = {}
    for stub in gateway.stubs.by_name.values():
        for head, body in stub.requests:
            marker = re.search(rb"zq[b-t]{6}zq", body)
            assert marker is not None, f"a request without a marker at {stub.name}"
            found[marker[0].decode()] = found.get(marker[0].decode(), b"") + head + body
    return found


def restored(each: Case, text: str) -> bool:
    """Whether `text` is what the user wrote, with a placeholder for every secret (and what clings to it)."""
    assert each.echoed is not None
    secrets = "|".join(re.escape(placed.value) for placed in each.placed if placed.secret)
    if not secrets:
        return text == each.echoed or (
            bare_number(each.echoed) and text.replace('"', "") == each.echoed.replace('"', "")
        )
    kept = re.split(rf"\S*(?:{secrets})\S*", each.echoed)
    pattern = rf"\S*{PLACEHOLDER}\S*".join(map(re.escape, kept))
    return re.fullmatch(pattern, text) is not None


def bare_number(text: str) -> bool:
    """Whether the words behind the marker are JSON by themselves. A number in there becomes a placeholder in quotes, so
    that it stays JSON, and keeps the quotes."""
    try:
        json.loads(text.partition(" ")[2])
    except ValueError:
        return False
    return True


def problems(each: Case, answer: Answer, upstream: bytes | None) -> list[str]:
    """What is wrong with one exchange, without a word of its text."""
    if answer.status != 200:
        wrong = [] if answer.code in each.refusals else [f"refused with {answer.code}"]
        if upstream is not None:
            wrong.append("refused, and sent")
        return wrong + [f"{name} from {place} in the refusal" for name, place in leaks(answer.body, each.placed)]
    if upstream is None:
        return ["answered, and not sent"]
    wrong = [f"{name} from {place} at the upstream" for name, place in leaks(upstream, each.placed)]
    if answer.headers["x-llmgw-upstream"] not in DESTINATIONS:
        wrong.append(f"went to {answer.headers['x-llmgw-upstream']} by rule {answer.headers['x-llmgw-rule']}")
    secrets = tuple(placed for placed in each.placed if placed.secret)
    wrong += [f"secret {name} from {place} came back" for name, place in leaks(answer.body, secrets)]
    if each.echoed is not None and not restored(each, said(each.path, answer.body, stream=each.stream)):
        kinds = sorted({placed.entity for placed in each.placed if placed.place == "last message"})
        wrong.append(f"the client got another text back (stream={each.stream} tool={each.tool}, holding {kinds})")
    return wrong


def test_removed_values_stay_and_the_rest_comes_back(gateway: RunningGateway) -> None:
    cases = [case(number) for number in range(CASES)]
    answers = drive(gateway, cases)
    upstream = upstream_bytes(gateway)
    wrong = [
        f"case {each.name}: {what}"
        for each in cases
        for what in problems(each, answers[each.marker], upstream.get(each.marker))
    ]
    assert not wrong, f"{len(wrong)} problems:\n" + "\n".join(wrong[:40])
    covered = Counter(placed.entity for each in cases for placed in each.placed)
    assert min(covered.values()) >= 50
    assert sum(1 for each in cases if each.placed) >= CASES * 0.7


# Shapes that nobody thought of. Values are made from numbers, so that a shrunk example shows numbers.

VALUES = st.tuples(st.integers(0, len(REMOVABLE) - 1), st.integers(0, 10_000))
LEAVES = st.one_of(
    st.tuples(st.just("text"), VALUES, st.integers(0, len(WRAPPERS) - 1)),
    st.sampled_from([None, True, 3, -1.5, "", "plain", "é\n🙂"]),
)
TREES = st.recursive(
    LEAVES,
    lambda below: st.one_of(
        st.lists(below, max_size=4),
        st.lists(
            st.tuples(st.one_of(VALUES, st.sampled_from(["a", "type", "content", "x/y", "~"])), below), max_size=4
        ).map(lambda members: ("object", members)),
        st.tuples(st.just("json"), below),
    ),
    max_leaves=12,
)


def built(tree: Json, placed: list[Placed], rng: random.Random) -> Json:
    """The JSON that a drawn shape stands for; notes its values."""

    def value(drawn: tuple[int, int], place: str) -> str:
        builder = Builder(drawn[1], kinds=(REMOVABLE[drawn[0]],))
        text = builder.value(place)
        placed.extend(builder.placed)
        return f"PESEL {text}" if REMOVABLE[drawn[0]].entity == "PL_PESEL" else text

    if isinstance(tree, list):
        return [built(each, placed, rng) for each in tree]
    if not isinstance(tree, tuple):
        return tree
    if tree[0] == "text":
        before, after = WRAPPERS[tree[2]].replace("{{", "{").replace("}}", "}").split("{v}")
        return before + value(tree[1], "text") + after
    if tree[0] == "json":
        return dump(rng, built(tree[1], placed, rng))
    return {name if isinstance(name, str) else value(name, "key"): built(below, placed, rng) for name, below in tree[1]}


@pytest.fixture(scope="module")
def client(gateway: RunningGateway) -> Iterator[Client]:
    """One connection for all examples."""
    instance = Client(gateway)
    yield instance
    instance.close()


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    tree=TREES,
    place=st.sampled_from(["x_unknown", "metadata", "prediction", "stop", "response_format"]),
    seed=st.integers(0, 99),
)
def test_any_shape_is_walked(gateway: RunningGateway, client: Client, tree: Json, place: str, seed: int) -> None:
    placed: list[Placed] = []
    rng = random.Random(seed)
    value = built(tree, placed, rng)
    body = dump(rng, {"model": "gpt-4.1", "messages": [{"role": "user", "content": "Hello"}], place: value})
    gateway.stubs.clear()
    answer = client.post("/v1/chat/completions", body.encode(), {"content-type": "application/json"})
    assert leaks(gateway.stubs.seen, tuple(placed)) == []
    assert leaks(answer.body, tuple(each for each in placed if each.secret)) == []
    assert answer.status == 200 or answer.code in UNUSUAL, answer.code
