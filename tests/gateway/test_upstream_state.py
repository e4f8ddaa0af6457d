"""What upstreams keep: whose it is, where it is, how sensitive it is; kept sealed, for a time, within a bound."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from gateway.dialects import BY_NAME
from gateway.errors import Refused
from gateway.keys import Key, KeyRing
from gateway.model import Classification, Decision, Level, Tier, Upstream
from gateway.state_store import StateStore
from gateway.upstream_state import Held, IdWatch, following, ids_in, keeps, pinned, raised, tidied, together

OLD = Key("k1", "2026-01-01", b"\x01" * 31 + b"\x02")
NEW = Key("k2", "2026-02-01", b"\x03" * 31 + b"\x04")
_OPEN: list[StateStore] = []
TOKEN = "[PERSON_abcdefghij22]"
HELD = Held("agent-a", "far", Level.CONFIDENTIAL, {TOKEN: "Rosa Luna"})


def store(path: Path, *keys: Key, now: float = 1_000_000.0, **settings: float) -> StateStore:
    options = {"days": 1.0, "bound": 100, **settings}
    made = StateStore(
        path / "s" / "state.sqlite3", KeyRing(keys or (OLD,)), days=options["days"], bound=int(options["bound"]),
        clock=lambda: now,
    )  # fmt: skip
    _OPEN.append(made)
    return made


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    while _OPEN:
        _OPEN.pop().close()


def upstream(name: str) -> Upstream:
    return Upstream(name, Tier.THIRD_PARTY, "https", "x.example", 443, "", frozenset(("openai.chat",)), {"*": "*"})


def decision(*names: str) -> Decision:
    places = tuple(upstream(name) for name in names)
    return Decision(True, "r", "why", "v", upstreams=places, upstream=places[0], model="m")


def test_it_outlives_the_process_and_a_new_key(tmp_path: Path) -> None:
    first = store(tmp_path)
    assert first.keep(["resp_1", "msg_1"], HELD)
    first.close()
    again = store(tmp_path, NEW, OLD)
    assert again.find("resp_1") == again.find("msg_1") == HELD
    assert again.find("resp_2") is None
    assert store(tmp_path, NEW).find("resp_1") is None


def test_workers_see_each_others_ids_at_once(tmp_path: Path) -> None:
    one, other = store(tmp_path), store(tmp_path)
    for number in range(50):
        assert (one, other)[number % 2].keep([f"resp_{number}"], HELD)
        assert (other, one)[number % 2].find(f"resp_{number}") == HELD


def test_nothing_readable_is_in_the_files(tmp_path: Path) -> None:
    first = store(tmp_path)
    first.keep(["resp_readable"], HELD)
    first.tidy()
    first.keep(["resp_readable2"], HELD)
    written = b"".join(path.read_bytes() for path in (tmp_path / "s").iterdir())
    for secret in ("resp_readable", "Rosa", "agent-a", "PERSON", 'far"'):
        assert secret.encode() not in written
    assert all(path.stat().st_mode & 0o077 == 0 for path in (tmp_path / "s").glob("*.sqlite3"))


def test_an_id_stays_its_first_agents(tmp_path: Path) -> None:
    first = store(tmp_path)
    first.keep(["file-1"], HELD)
    assert first.keep(["file-1", "file-2"], Held("agent-b", "near", Level.PUBLIC))
    assert first.find("file-1") == HELD
    found = first.find("file-2")
    assert found is not None and found.agent == "agent-b"


def test_ids_expire_and_the_oldest_go_first(tmp_path: Path) -> None:
    store(tmp_path, now=0).keep([f"old_{number}" for number in range(10)], HELD)
    store(tmp_path, now=3_600).keep([f"new_{number}" for number in range(10)], HELD)
    late = store(tmp_path, now=86_401)
    assert late.find("old_1") is None
    assert late.find("new_1") == HELD
    late.tidy()
    tight = store(tmp_path, now=86_401, bound=4)
    tight.tidy()
    assert sum(tight.find(f"new_{number}") is not None for number in range(10)) == 4
    store(tmp_path, now=200_000).tidy()
    with contextlib.closing(sqlite3.connect(tmp_path / "s" / "state.sqlite3")) as db:
        assert db.execute("SELECT (SELECT count(*) FROM ids), (SELECT count(*) FROM entries)").fetchone() == (0, 0)


def test_a_broken_file_is_moved_aside_and_a_broken_row_is_unknown(tmp_path: Path) -> None:
    path = tmp_path / "s"
    path.mkdir()
    (path / "state.sqlite3").write_bytes(b"this is no database at all" * 100)
    first = store(tmp_path)
    first.keep(["resp_1"], HELD)
    first.tidy()
    with contextlib.closing(sqlite3.connect(path / "state.sqlite3")) as db:
        db.execute("UPDATE entries SET sealed = zeroblob(64)")
        db.commit()
    assert first.find("resp_1") is None
    assert (path / "state.broken").exists()


def test_a_locked_file_costs_a_quarter_second_and_no_exception(tmp_path: Path) -> None:
    first = store(tmp_path)
    blocker = sqlite3.connect(tmp_path / "s" / "state.sqlite3", isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    begin = time.monotonic()
    assert first.keep(["resp_1"], HELD) is False
    assert time.monotonic() - begin < 2
    assert first.failures == 1
    blocker.execute("ROLLBACK")
    blocker.close()
    assert first.keep(["resp_1"], HELD)


def test_statements_are_fast(tmp_path: Path) -> None:
    first = store(tmp_path, bound=100_000)
    held = Held("agent-a", "far", Level.PUBLIC, {f"[PERSON_{number:012d}]": "x" * 20 for number in range(200)})
    taken = []
    for number in range(300):
        begin = time.perf_counter()
        first.keep([f"resp_{number}"], held)
        first.find(f"resp_{number}")
        taken.append(time.perf_counter() - begin)
    assert sorted(taken)[150] < 0.002


@pytest.mark.parametrize(
    ("found", "unknown", "code"),
    [
        ([None], "refuse", "llmgw_state_unknown"),
        ([Held("agent-b", "far", Level.PUBLIC)], "pass", "llmgw_state_unknown"),
        ([HELD, None], "refuse", "llmgw_state_unknown"),
        ([HELD, Held("agent-a", "near", Level.PUBLIC)], "refuse", "llmgw_state_elsewhere"),
    ],
)
def test_what_is_not_the_agents_or_not_in_one_place_is_refused(found: list[Held | None], unknown, code: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(Refused) as caught:
        together(found, "agent-a", unknown=unknown)
    assert caught.value.refusal.code == code
    assert together([None], "agent-a", unknown="pass") is None


def test_several_ids_count_together() -> None:
    other = Held("agent-a", "far", Level.RESTRICTED, {"[EMAIL_ADDRESS_abcdefghij22]": "x@y.example"})
    both = together([HELD, other], "agent-a", unknown="refuse")
    assert both is not None
    assert (both.level, dict(both.restore)) == (Level.RESTRICTED, {**HELD.restore, **other.restore})
    assert raised(Classification(Level.PUBLIC, Level.PUBLIC, ("d",)), both).level is Level.RESTRICTED
    same = Classification(Level.RESTRICTED, Level.RESTRICTED, ("d",))
    assert raised(same, both) is same
    assert raised(same, None) is same


def test_a_request_goes_where_its_state_is_or_nowhere() -> None:
    chosen = pinned(decision("near", "far"), HELD, lambda each: f"{each.id}-model")
    assert chosen.upstream is not None
    assert (chosen.upstream.id, chosen.model) == ("far", "far-model")
    for places in (decision("near", "other"), decision("near")):
        with pytest.raises(Refused) as caught:
            pinned(places, HELD, lambda each: "m")
        assert caught.value.refusal.code == "llmgw_state_elsewhere"
    assert pinned(decision("near"), None, lambda each: None).upstream is not None


def test_what_is_remembered_grows_with_the_conversation_within_a_bound() -> None:
    next_one = following(HELD, "agent-a", decision("far"), level=Level.PUBLIC, restore={"[X_aaaaaaaaaaaa]": "y"})
    assert (next_one.level, next_one.restore) == (Level.PUBLIC, {**HELD.restore, "[X_aaaaaaaaaaaa]": "y"})
    many = {f"[X_{number:012d}]": "y" for number in range(6_000)}
    assert len(following(HELD, "a", decision("far"), level=Level.PUBLIC, restore=many).restore) == 5_000


@pytest.mark.parametrize(
    ("name", "body", "answer", "ids"),
    [
        ("openai.responses", {}, {"id": "resp_1", "output": [{"id": "m_1"}, {"id": "f_1"}]}, ["resp_1", "m_1", "f_1"]),
        ("openai.responses", {}, {"type": "response.created", "response": {"id": "resp_1"}}, ["resp_1"]),
        ("openai.responses", {}, {"id": "resp_1", "conversation": {"id": "conv_1"}}, ["resp_1", "conv_1"]),
        ("openai.responses", {}, {"metadata": {"id": "resp_9"}, "id": 7, "output": "x"}, []),
        ("openai.batches.get", {}, {"id": "batch_1", "output_file_id": "file-2"}, ["batch_1", "file-2"]),
        ("anthropic.messages", {}, {"message": {"id": "msg_1", "container": {"id": "cont_1"}}}, ["cont_1"]),
    ],
)  # fmt: skip
def test_ids_are_taken_from_where_the_api_puts_them(name: str, body: object, answer: object, ids: list[str]) -> None:
    assert keeps(BY_NAME[name], {})
    assert ids_in(BY_NAME[name], answer) == ids  # type: ignore[arg-type]


def test_only_what_is_stored_is_noted() -> None:
    assert keeps(BY_NAME["openai.responses"], {"store": False}) is False
    assert keeps(BY_NAME["openai.chat"], {}) is False
    assert keeps(BY_NAME["openai.chat"], {"store": True}) is True
    assert keeps(BY_NAME["openai.embeddings"], {"store": True}) is False


def test_a_stream_hands_each_id_on_once() -> None:
    noted: list[list[str]] = []
    watch = IdWatch(BY_NAME["openai.responses"], noted.append)
    assert watch.wants(b"{}")
    watch.take({"response": {"id": "resp_1"}})
    assert not watch.wants(b'{"type":"response.output_text.delta"}')
    assert watch.wants(b'{"response":{}}')
    watch.take({"response": {"id": "resp_1", "output": [{"id": "msg_1"}]}})
    assert noted == [["resp_1"], ["msg_1"]]


def test_lists_hold_the_agents_own_and_urls_become_paths() -> None:
    body = orjson.dumps({"data": [{"id": "a"}, {"id": "b"}, {"id": "c"}, 3], "first_id": "a", "last_id": "c"})
    kept = orjson.loads(tidied(BY_NAME["openai.files.list"], body, lambda each: each == "b"))
    assert kept == {"data": [{"id": "b"}], "first_id": "b", "last_id": "b"}
    batch = orjson.dumps({"results_url": "https://api.example/v1/messages/batches/msgbatch_1/results"})
    assert orjson.loads(tidied(BY_NAME["anthropic.batches.get"], batch, bool)) == {
        "results_url": "/v1/messages/batches/msgbatch_1/results"
    }
    assert tidied(BY_NAME["openai.chat"], b"x", bool) == b"x"
