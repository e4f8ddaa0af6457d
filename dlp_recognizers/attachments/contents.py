"""From what a body holds to the file itself, and back in the same form."""

from __future__ import annotations

import base64
from urllib.parse import quote_from_bytes

from dlp_recognizers.attachments.markup import base64_content, data_url_content


def content_of(data: str) -> bytes | None:
    """The file that a base64 string or data URL holds; None if it is neither."""
    return data_url_content(data) if data[:5].lower() == "data:" else base64_content(data)


def in_form_of(data: str, content: bytes) -> str:
    """`content` as `data` holds its own: a data URL with the same head, or base64 in the same alphabet."""
    if data[:5].lower() != "data:":
        url_safe = "-" in data or "_" in data
        return (base64.urlsafe_b64encode if url_safe else base64.b64encode)(content).decode("ascii")
    head = data[: data.index(",")]
    coded = head.lower().endswith(";base64")
    return f"{head},{base64.b64encode(content).decode('ascii') if coded else quote_from_bytes(content)}"
