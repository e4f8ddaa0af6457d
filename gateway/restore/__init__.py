"""Sans-io filters that put redacted values back into answers, whole or streamed."""

from gateway.restore.answer import RestoredAnswer, restore_answer, restore_bytes
from gateway.restore.stream import stream_filter, streams

__all__ = ["RestoredAnswer", "restore_answer", "restore_bytes", "stream_filter", "streams"]
