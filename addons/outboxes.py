"""The outboxes of a gateway's workers: the worker's own, and those that nobody fills any more."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gateway.evidence.outbox import Outbox

if TYPE_CHECKING:
    from gateway.evidence.metrics import Metrics
    from gateway.settings import Evidence


def open_outbox(evidence: Evidence, index: int, metrics: Metrics) -> Outbox:
    """The outbox of worker `index`, made where there is none."""
    Path(evidence.outbox).mkdir(parents=True, exist_ok=True, mode=0o700)
    return Outbox(
        Path(evidence.outbox) / f"worker-{index}.sqlite3",
        bound=evidence.outbox_events,
        retain=evidence.retain_events,
        on_lost=metrics.outbox_lost,
        drained=evidence.redis is not None,
    )


def leftover_outboxes(evidence: Evidence, index: int, workers: int) -> list[Path]:
    """Outboxes of workers that a start with fewer of them left behind; the first worker sees to them."""
    if index or not workers:
        return []
    folder = Path(evidence.outbox)
    own = {folder / f"worker-{each}.sqlite3" for each in range(workers)}
    return sorted(set(folder.glob("worker-*.sqlite3")) - own)
