"""Thousands of generated requests: no removed value reaches an upstream, and the client gets back what it wrote."""

from __future__ import annotations

import queue
import re
import threading
from collections import Counter
from collections.abc import Iterable

import pytest

from tests.support.answers import Answer, Client, said
from tests.support.gateway import RunningGateway
from tests.support.requests import Case, case, leaks

pytestmark = [pytest.mark.runtime, pytest.mark.slow]

CASES = 2_000
CONNECTIONS = 4
DESTINATIONS = {"third-party-openai", "third-party-anthropic", "sovereign-eu"}
"""Where the shipped rules send these values, always under the profile `pii`."""
PLACEHOLDER = r"\[[A-Z][A-Z0-9_]*_[a-z2-7]{12}\]"


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
        return text == each.echoed
    kept = re.split(rf"\S*(?:{secrets})\S*", each.echoed)
    pattern = rf"\S*{PLACEHOLDER}\S*".join(map(re.escape, kept))
    return re.fullmatch(pattern, text) is not None


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
