"""The organisation's own data under a running gateway: found, removed, reloaded under load, and refused when broken."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.cli import llmgw
from tests.support.gateway import RunningGateway, chat, post, raw_request
from tests.support.load import Load, until

pytestmark = [pytest.mark.runtime, pytest.mark.slow]

RECOGNIZER = r"""
  - name: {name}
    entity: {entity}
    score: 0.8
    patterns: ['\b{word}-[0-9]{{6}}\b']
    tests: {{finds: [{word}-123456], leaves: [{word}-12]}}
"""
CUSTOMERS = "customer_no,first,last\nKD-2024-88123,Qiara,Vandersnoot\nKD-2024-88124,José,Müllerowitz\n"
MEMO = (
    "The board agreed to buy the bakery in Springfield for nine million, payable in March, if nobody objects before "
    "the meeting of the owners on the ninth, at which the price may still be changed by those who hold a third of the "
    "votes. Until then nobody outside of the group may learn of it, and whoever is asked says that no talks have begun."
)
RELOADED = 60.0
"""New scan processes load their engine first: some five seconds, many times that on a machine that is busy."""


def recognizers(*entries: tuple[str, str, str]) -> str:
    return "version: 1\nrecognizers:" + "".join(
        RECOGNIZER.format(name=name, entity=entity, word=word) for name, entity, word in entries
    )


def replace(path: Path, data: str | bytes) -> None:
    fresh = path.with_name(path.name + ".fresh")
    fresh.write_bytes(data.encode() if isinstance(data, str) else data)
    fresh.replace(path)


BADGE = ("badge", "PERSONAL_BADGE", "AB")
TICKET = ("ticket", "PERSONAL_TICKET", "TK")


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    folder = tmp_path_factory.mktemp("own")
    dlp: dict[str, Any] = {
        "recognizers": ["own"],
        "deny_lists": [{"file": "own/names.txt", "entity": "PERSONAL_PROJECT"}],
        "exact_match": ["own/crm.match"],
        "fingerprints": [{"file": "own/memos.prints"}],
        "names": "rules",
    }
    instance = RunningGateway(folder, settings={"dlp": dlp})
    (folder / "own").mkdir()
    (folder / "memos").mkdir()
    (folder / "memos" / "bakery.txt").write_text(MEMO)
    (folder / "crm.csv").write_text(CUSTOMERS)
    (folder / "own" / "names.txt").write_text("Blue Heron # the merger\n")
    (folder / "own" / "own.yaml").write_text(recognizers(BADGE))
    try:
        build(folder)
        yield instance.start()
    finally:
        instance.close()


def build(folder: Path, columns: str = "customer_no,first+last") -> None:
    key = ("--key-from", folder / "gateway.yaml")
    table = llmgw("match", "build", *key, "--columns", columns, "-o", folder / "own/crm.match", folder / "crm.csv")
    assert table.code == 0, table.both
    assert "2 rows" in table.out
    prints = llmgw(
        "fingerprint", "build", folder / "memos", *key, "--level", "restricted", "-o", folder / "own/memos.prints"
    )
    assert prints.code == 0, prints.both


def ask(gateway: RunningGateway, text: str) -> bytes:
    """What the upstreams saw of a request."""
    gateway.stubs.clear()
    answer = raw_request(gateway, post("/v1/chat/completions", chat(text)), seconds=20)
    assert answer.startswith(b"HTTP/1.1 200"), answer[:600]
    return gateway.stubs.seen


def problem(gateway: RunningGateway) -> str:
    return str(json.loads(gateway.admin("/readyz")[1])["checks"]["recognizers"]["detail"])


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("badge AB-123456 please", b"AB-123456"),
        ("the BLUE-HERON plan", b"HERON"),
        ("write to Vandersnoot, Qiara", b"Vandersnoot"),
        ("account kd 2024 88124", b"88124"),
    ],
)
def test_found_and_taken_out_on_the_way_to_a_third_party(own: RunningGateway, text: str, value: bytes) -> None:
    seen = ask(own, text)
    assert seen
    assert value not in seen


def test_a_copied_document_goes_no_further_than_its_level(own: RunningGateway) -> None:
    ask(own, f"Please improve:\n\n{MEMO}")
    until(lambda: any("DOCUMENT_COPY" in each["findings"] for each in own.events()), 5, "the event")
    event = next(each for each in own.events() if "DOCUMENT_COPY" in each["findings"])
    assert (event["level"], event["tier"]) == ("restricted", "on_prem")


def test_a_new_recognizer_comes_into_use_under_load_without_a_failed_request(own: RunningGateway) -> None:
    path = own.folder / "own" / "own.yaml"
    assert b"TK-123456" in ask(own, "ticket TK-123456 please")
    with Load(own, threads=2, pause=0.02) as load:
        load.wait_for(4)
        replace(path, recognizers(BADGE, TICKET))
        until(lambda: finds(own, "ticket TK-123456 please", "PERSONAL_TICKET"), RELOADED, "the new recognizer")
        load.wait_for(len(load.outcomes) + 4)
    assert {outcome.status for outcome in load.outcomes} == {200}
    assert problem(own) == ""


def finds(gateway: RunningGateway, text: str, entity: str) -> bool:
    """Whether a request with `text` has led to an event with a finding of `entity`."""
    answer = raw_request(gateway, post("/v1/chat/completions", chat(text)), seconds=20)
    assert answer.startswith(b"HTTP/1.1 200")
    return any(entity in event["findings"] for event in gateway.events())


@pytest.mark.parametrize("part", ["pattern", "own test", "list", "table", "removed table"])
def test_what_is_broken_is_told_and_the_last_good_one_goes_on(own: RunningGateway, part: str) -> None:
    folder = own.folder / "own"
    path, broken, says = {
        "pattern": (folder / "own.yaml", recognizers(BADGE).replace("[0-9]", "(?=x)"), "own.yaml:6:"),
        "own test": (folder / "own.yaml", recognizers(BADGE).replace("AB-12]", "AB-654321]"), "test failed"),
        "list": (folder / "names.txt", "# nothing\n", "names.txt:1:1"),
        "table": (folder / "crm.match", (folder / "crm.match").read_bytes()[:-64], "bytes and should have"),
        "removed table": (folder / "memos.prints", None, "memos.prints"),
    }[part]
    good = path.read_bytes()
    if broken is None:
        path.unlink()
    else:
        replace(path, broken)
    until(lambda: says in problem(own), 5, f"the problem with the {part}")
    assert own.admin("/readyz")[0] == 200
    assert b"Vandersnoot" not in ask(own, "Qiara Vandersnoot with badge AB-123456 on Blue Heron")
    if part in ("own test", "table"):
        assert llmgw("check", "-c", own.config).code == 2
    replace(path, good)
    until(lambda: problem(own) == "", 5, f"the good {part} again")


def test_a_new_table_comes_into_use(own: RunningGateway) -> None:
    assert b"Nobodyson" in ask(own, "who is Zelda Nobodyson? KD-2024-99999")
    (own.folder / "crm.csv").write_text(
        "customer_no,first,last\nKD-2024-99999,Zelda,Nobodyson\nKD-2024-88123,Qiara,Vandersnoot\n"
    )
    build(own.folder)
    until(lambda: b"99999" not in ask(own, "who is it? KD-2024-99999"), RELOADED, "the new table")


def test_nothing_of_it_is_in_the_log_the_status_or_the_events(own: RunningGateway) -> None:
    said = (
        own.log.read_text()
        + json.dumps(own.events())
        + own.admin("/status")[1].decode()
        + own.admin("/metrics")[1].decode()
    )
    for value in ("Vandersnoot", "88123", "Heron", "bakery", "Nobodyson"):
        assert value not in said, value


def test_a_gateway_does_not_start_with_a_table_of_another_key(tmp_path: Path) -> None:
    instance = RunningGateway(tmp_path, settings={"dlp": {"exact_match": ["crm.match"], "names": "rules"}})
    try:
        other = tmp_path / "other"
        assert llmgw("init", other).code == 0
        (tmp_path / "crm.csv").write_text(CUSTOMERS)
        arguments = ("--columns", "customer_no", "-o", tmp_path / "crm.match", tmp_path / "crm.csv")
        assert llmgw("match", "build", "--key-from", other / "gateway.yaml", *arguments).code == 0
        checked = llmgw("check", "-c", instance.config)
        assert checked.code == 2
        assert "crm.match:1:1" in checked.out and "key" in checked.out
        served = llmgw("serve", "-c", instance.config)
        assert served.code == 2
        assert "crm.match" in served.both and "Vandersnoot" not in served.both
    finally:
        instance.close()
