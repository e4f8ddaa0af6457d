"""False findings: how often something is found in texts that hold nothing, per 1,000 lines. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from gateway.evaluation.score import Found


@dataclass(slots=True)
class FalseFindings:
    """What was found in texts of one kind."""

    kind: str
    lines: int = 0
    by_entity: Counter[str] = field(default_factory=Counter)

    def add(self, text: str, found: Iterable[Found], *, threshold: float) -> None:
        """Count one text's lines and its findings at or above `threshold`."""
        self.lines += text.count("\n") + (not text.endswith("\n"))
        self.by_entity.update(each.entity for each in found if each.score >= threshold)

    @property
    def found(self) -> int:
        """How many."""
        return self.by_entity.total()

    @property
    def rate(self) -> float:
        """Findings for each 1,000 lines; 0 where there are no lines."""
        return self.found * 1000 / self.lines if self.lines else 0.0

    def as_json(self) -> dict[str, object]:
        """For programs."""
        return {
            "kind": self.kind,
            "lines": self.lines,
            "findings": self.found,
            "per_1000_lines": round(self.rate, 3),
            "by_entity": dict(self.by_entity.most_common()),
        }
