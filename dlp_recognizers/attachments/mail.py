"""Messages (RFC 5322, MIME): headers, every part by what it is, and the file as it stands."""

from __future__ import annotations

import email
import email.errors
import email.policy
from email.message import Message
from typing import Final

from dlp_recognizers.attachments.budget import Unreadable
from dlp_recognizers.attachments.reader import Document

_PLAIN_CODINGS: Final = frozenset(("", "7bit", "8bit"))


def read_mail(document: Document, text: str, data: bytes) -> None:
    """The message. Raises Unreadable when it cannot be parsed at all."""
    document.source(text)
    try:
        message = email.message_from_bytes(data, policy=email.policy.default)
        _read_part(document, message)
    except (email.errors.MessageError, ValueError, LookupError, TypeError, AttributeError, IndexError, RecursionError):
        # The parser of headers is known to trip over some malformed ones.
        raise Unreadable("damaged") from None


def _read_part(document: Document, message: Message) -> None:
    document.budget.member()
    document.view("\n\n".join(f"{name}: {value}" for name, value in message.items()))
    for text in (message.preamble, message.epilogue):
        if isinstance(text, str):
            document.view(text)
    if message.is_multipart():
        for part in message.get_payload():
            if isinstance(part, Message):
                _read_part(document, part)
        return
    coding = str(message.get("content-transfer-encoding", "")).strip().lower()
    content = message.get_payload(decode=True)
    if not isinstance(content, bytes):
        return
    document.budget.unpack(len(content))
    text_part = message.get_content_maintype() == "text"
    if text_part and coding in _PLAIN_CODINGS and message.get_content_subtype() == "plain" and _ascii(message):
        return  # stands in the file as it is
    if text_part and not _ascii(message):
        try:
            document.view(content.decode(message.get_content_charset() or "us-ascii"))
        except (LookupError, UnicodeDecodeError):
            document.unknown("charset")
    if message.defects:
        document.unknown("damaged")  # others may read it otherwise
    name = message.get_filename() or ""
    if text_part:
        name = "part.html" if message.get_content_subtype() == "html" else ""
    document.nested(content, name, document.depth + 1)


def _ascii(message: Message) -> bool:
    return (message.get_content_charset() or "us-ascii") in ("us-ascii", "utf-8")
