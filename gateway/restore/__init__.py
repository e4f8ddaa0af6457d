"""Sans-io filters that put redacted values back into answers, whole or streamed."""

from gateway.restore.answer import RestoredAnswer, restore_answer
from gateway.restore.stream import stream_filter

__all__ = ["RestoredAnswer", "restore_answer", "stream_filter"]
