"""The outbox: nothing blocks, nothing raises, nothing that was committed is lost, and what is lost is counted."""

from __future__ import annotations

import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import orjson
import pytest

from gateway.evidence.outbox import Outbox
from gateway.evidence.outbox_file import OutboxFile, first_seq


class Losses:
    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> None:
        self.count += 1


type Opener = Callable[..., Outbox]


@pytest.fixture
def losses() -> Losses:
    return Losses()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "outbox" / "worker-0.sqlite"


@pytest.fixture
def opened(path: Path, losses: Losses) -> Iterator[Opener]:
    boxes: list[Outbox] = []

    def make(*, bound: int = 10_000, retain: int = 5, drained: bool = True) -> Outbox:
        boxes.append(Outbox(path, bound=bound, retain=retain, on_lost=losses, drained=drained))
        return boxes[-1]

    yield make
    for box in boxes:
        box.close()


def fill(box: Outbox, count: int, start: int = 0) -> None:
    for number in range(start, start + count):
        box.emit({"event_id": str(number)})
    assert box.flush()


def ids(rows: list[tuple[int, bytes]]) -> list[str]:
    return [orjson.loads(event)["event_id"] for _, event in rows]


def until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "did not come true in time"
        time.sleep(0.01)


def test_events_come_out_in_order_with_rising_numbers(opened: Opener) -> None:
    box = opened()
    fill(box, 300)
    rows = box.after(0, 1000)
    assert ids(rows) == [str(number) for number in range(300)]
    assert [seq for seq, _ in rows] == sorted({seq for seq, _ in rows})
    assert ids(box.after(rows[99][0], 3)) == ["100", "101", "102"]
    assert orjson.loads(box.newest(1)[0]) == {"event_id": "299"}


def test_delivered_events_leave_the_lag_and_are_pruned_but_for_the_retained(opened: Opener) -> None:
    box = opened(retain=5)
    fill(box, 20)
    box.mark_delivered(box.after(0, 12)[-1][0])
    assert (box.pending(), box.delivered()) == (8, 12)
    fill(box, 1, start=20)
    assert ids(box.after(0, 100)) == [str(number) for number in range(7, 21)]
    assert (box.state().pending, box.state().retained) == (9, 5)


def test_a_sink_that_lost_its_data_makes_events_pending_again(opened: Opener) -> None:
    box = opened(retain=100)
    fill(box, 10)
    box.mark_delivered(box.after(0, 100)[-1][0])
    assert box.pending() == 0
    box.mark_delivered(0)
    assert box.pending() == 10


def test_at_the_bound_events_are_counted_as_lost(opened: Opener, losses: Losses) -> None:
    box = opened(bound=100)
    fill(box, 130)
    assert (box.pending(), box.lost, losses.count) == (100, 30, 30)
    box.mark_delivered(box.after(0, 50)[-1][0])
    fill(box, 1, start=130)
    assert (box.pending(), box.lost) == (51, 30)


def test_losses_are_remembered(opened: Opener) -> None:
    box = opened(bound=100)
    fill(box, 103)
    box.close()
    assert opened(bound=100).lost == 3


def test_without_a_sink_the_newest_are_kept(opened: Opener, losses: Losses) -> None:
    box = opened(bound=100, drained=False)
    for start in range(0, 350, 50):
        fill(box, 50, start=start)
    fill(box, 1, start=350)
    assert (box.pending(), losses.count) == (0, 0)
    assert 100 <= len(box.after(0, 1000)) <= 151
    assert orjson.loads(box.newest(1)[0]) == {"event_id": "350"}


def test_an_event_that_json_has_no_word_for_is_lost_and_raises_nothing(opened: Opener, losses: Losses) -> None:
    box = opened()
    box.emit({"event_id": object()})
    box.emit({"event_id": 2**70})
    assert losses.count == 2


def test_after_close_events_are_lost_and_counted(opened: Opener, losses: Losses) -> None:
    box = opened()
    box.close()
    box.emit({"event_id": "1"})
    assert losses.count == 1


def test_opening_again_goes_on(opened: Opener) -> None:
    first = opened()
    fill(first, 10)
    first.mark_delivered(first.after(0, 4)[-1][0])
    last, name = first.after(0, 100)[-1][0], first.outbox_id
    first.close()
    second = opened()
    assert (second.outbox_id, second.pending(), second.delivered_seq) == (name, 6, first.delivered_seq)
    fill(second, 1, start=10)
    assert second.after(last, 10)[0][0] > last


def test_numbers_are_never_used_twice_whatever_the_clock_does() -> None:
    assert first_seq(0, 1_700_000_000_000_000_000) == 1_700_000_000_000_000
    assert first_seq(1_800_000_000_000_000, 1_700_000_000_000_000_000) == 1_800_000_000_000_001
    assert first_seq(0, 2**62) < 2**53


def test_what_was_committed_survives_sigkill(path: Path) -> None:
    program = (
        "import sys, pathlib\n"
        "from gateway.evidence.outbox import Outbox\n"
        "box = Outbox(pathlib.Path(sys.argv[1]), bound=100000, retain=0, on_lost=lambda: None)\n"
        "for n in range(500): box.emit({'event_id': str(n)})\n"
        "box.flush(); print('flushed', flush=True)\n"
        "while True: box.emit({'event_id': 'more'}); __import__('time').sleep(0.001)\n"
    )
    child = subprocess.Popen([sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE, cwd=Path.cwd())
    assert child.stdout is not None
    assert child.stdout.readline() == b"flushed\n"
    child.send_signal(signal.SIGKILL)
    child.wait()
    box = Outbox(path, bound=100_000, retain=0, on_lost=lambda: None)
    assert ids(box.after(0, 500)) == [str(number) for number in range(500)]
    assert box.state().moved_aside == ""
    box.close()


@pytest.mark.parametrize("damage", [b"this is no database at all" * 100, b"SQLite format 3\x00" + b"\xff" * 8000])
def test_a_broken_file_is_kept_aside_and_a_new_one_made(path: Path, opened: Opener, damage: bytes) -> None:
    path.parent.mkdir(parents=True)
    path.write_bytes(damage)
    box = opened()
    until(lambda: box.outbox_id != "")
    fill(box, 3)
    kept = path.parent / box.state().moved_aside
    assert kept.read_bytes() == damage
    assert ids(box.after(0, 10)) == ["0", "1", "2"]


def test_damage_under_way_is_met_without_losing_what_comes_after(path: Path, opened: Opener) -> None:
    box = opened()
    fill(box, 500)
    before = box.outbox_id
    with path.open("r+b") as file:  # what is in the page cache of a running database shows up late: damage all of it
        file.write(b"\xff" * path.stat().st_size)
    Path(f"{path}-wal").write_bytes(b"\xff" * 4096)
    deadline = time.monotonic() + 10
    number = 500
    while box.outbox_id in (before, "") and time.monotonic() < deadline:
        box.emit({"event_id": str(number)})
        box.after(0, 10)
        number += 1
        time.sleep(0.01)
    assert box.outbox_id not in (before, "")
    assert box.state().moved_aside
    fill(box, 1, start=number)
    assert str(number) in ids(box.after(0, 10_000))


def test_a_disk_that_refuses_holds_the_batch_and_recovers(
    opened: Opener, losses: Losses, monkeypatch: pytest.MonkeyPatch
) -> None:
    box = opened()
    full = True
    real = OutboxFile.append

    def append(self: OutboxFile, rows: list[tuple[int, bytes]]) -> None:
        if full:
            raise sqlite3.OperationalError("database or disk is full")
        real(self, rows)

    monkeypatch.setattr(OutboxFile, "append", append)
    for number in range(10):
        box.emit({"event_id": str(number)})
    until(lambda: box.state().failing == "OperationalError")
    assert (box.pending(), losses.count) == (10, 0)
    full = False
    assert box.flush()
    assert ids(box.after(0, 100)) == [str(number) for number in range(10)]
    assert box.state().failing == ""


def test_a_disk_that_refuses_for_long_loses_at_the_bound_and_counts(
    opened: Opener, losses: Losses, monkeypatch: pytest.MonkeyPatch
) -> None:
    def append(self: OutboxFile, rows: list[tuple[int, bytes]]) -> None:
        raise sqlite3.OperationalError("attempt to write a readonly database")

    monkeypatch.setattr(OutboxFile, "append", append)
    box = opened(bound=100)
    for number in range(150):
        box.emit({"event_id": str(number)})
    assert losses.count == 50
    box.close()
    assert losses.count == 150


def test_a_folder_that_cannot_be_made_raises_nothing(tmp_path: Path, losses: Losses) -> None:
    (tmp_path / "file").write_text("in the way")
    box = Outbox(tmp_path / "file" / "x.sqlite", bound=100, retain=0, on_lost=losses)
    box.emit({"event_id": "1"})
    assert box.state().failing in {"NotADirectoryError", "FileExistsError"}
    assert box.after(0, 10) == []
    box.close()
    assert losses.count == 1


def test_the_file_holds_only_the_owner_rights(opened: Opener, path: Path) -> None:
    fill(opened(), 1)
    for made in (path.parent, *path.parent.iterdir()):
        assert made.stat().st_mode & 0o077 == 0


def test_a_deleted_file_is_noticed_and_made_anew(opened: Opener, path: Path) -> None:
    box = opened()
    fill(box, 3)
    assert ids(box.after(0, 10)) == ["0", "1", "2"]
    before = box.outbox_id
    shutil.rmtree(path.parent)
    fill(box, 3, start=3)
    assert ids(box.after(0, 10)) == ["3", "4", "5"]
    assert box.outbox_id != before


def test_a_second_process_on_the_same_file_takes_no_events_away(path: Path, losses: Losses) -> None:
    one = Outbox(path, bound=100, retain=100, on_lost=losses)
    other = Outbox(path, bound=100, retain=100, on_lost=losses)
    for turn in range(4):
        fill(one, 3, start=turn * 10)
        fill(other, 3, start=turn * 10 + 5)
    assert sorted(ids(one.after(0, 100)), key=int) == [str(t * 10 + n) for t in range(4) for n in (0, 1, 2, 5, 6, 7)]
    one.close()
    other.close()
    assert losses.count == 0
