"""What is said of a field that a request must not have, or not so."""

from __future__ import annotations

import re
from typing import Final, NoReturn

from gateway.errors import Refusal, Refused

TOKEN_IDS: Final = (
    "llmgw_token_ids_refused",
    "holds token ids or token pieces, which cannot be inspected. Send the text itself",
)
CLIENT_CREDENTIALS: Final = (
    "llmgw_client_credentials",
    "carries a credential. Leave it out: agents' own credentials do not pass the gateway",
)


_NAMED_BY_CLIENT: Final = re.compile(r"(?<=/variables/)[^/]*")


def refuse_field(path: str, what: str, *, code: str = "llmgw_invalid_request") -> NoReturn:
    """Refuse a request for the field at `path`, a pointer made of the API's own names and of indexes
    (names that the client chose are not repeated)."""
    subject = f"The field {_NAMED_BY_CLIENT.sub('*', path)}" if path else "The request body"
    raise Refused(Refusal(code, 400, f"{subject} {what}."))


def not_taken(path: str, why: tuple[str, str]) -> NoReturn:
    """Refuse a request for the field at `path`, which must stay empty; `why` is a code and a reason."""
    code, reason = why
    refuse_field(path, reason, code=code)
