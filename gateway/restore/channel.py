"""One text that runs through several events of a stream: looked through, then restored."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from gateway.restore.guard import TextGuard
from gateway.restore.text import TextRestorer


@dataclass(slots=True)
class Channel:
    """The guard sees what the model wrote, placeholders and all; values are put back behind it."""

    restorer: TextRestorer
    guard: TextGuard | None = None
    last: dict[str, Any] = field(default_factory=dict, repr=False)
    """The latest event that carried a piece, kept while something is held back."""

    @property
    def holding(self) -> bool:
        """Whether some text is held back."""
        return self.restorer.holding or (self.guard is not None and self.guard.holding)

    @property
    def changed(self) -> int:
        """How often the text was changed so far."""
        return self.restorer.restored + (self.guard.removed if self.guard is not None else 0)

    def feed(self, text: str) -> str:
        """Take the next characters; return those that may go out. Raises Refused where an answer profile cuts."""
        return self.restorer.feed(text if self.guard is None else self.guard.feed(text))

    def flush(self) -> str:
        """The text ended: return what was held back. Raises Refused where an answer profile cuts."""
        rest = self.guard.flush() if self.guard is not None else ""
        return self.restorer.feed(rest) + self.restorer.flush()
