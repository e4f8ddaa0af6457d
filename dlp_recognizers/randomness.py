"""How much a string looks like a key and how much like a word."""

from __future__ import annotations

import math
from collections import Counter

_STAND_INS = (
    "invalid incorrect missing wrong forgot reset confirm confirmation newpassword oldpassword "
    "kennwort passwort encrypted "
    "plain plaintext hashed disabled enabled authentication passphrase unknown nopassword nopass input field label "
    "password passwd passphrase pwd pass secret token apikey api_key api-key key mypassword my_password "
    "yourpassword your_password your-password your_token your-token your_api_key your-api-key your_secret "
    "your-secret example sample dummy placeholder changeme change_me change-me todo none null nil undefined true "
    "false string str int bool text hidden required optional redacted removed masked default value username user "
    "test testing foo bar baz xxx empty unset enter prompt env environ config settings self this notset not_set "
    "credentials credential secretkey secret_key access_token auth_token "
)
PLACEHOLDERS = frozenset(_STAND_INS.split())


def entropy(text: str) -> float:
    """Shannon entropy of the characters of `text`, in bits each."""
    size = len(text)
    return -sum(count / size * math.log2(count / size) for count in Counter(text).values()) if size else 0.0


def placeholder(value: str) -> bool:
    """Whether `value` stands for a secret rather than being one: `<your key>`, `${TOKEN}`, `xxxx`, `changeme`."""
    bare = value.strip("\"'` ")
    lowered = bare.lower()
    if len(set(lowered)) <= 2 or lowered in PLACEHOLDERS:
        return True
    if bare[0] in "<{[$%(" or lowered.startswith(
        ("your", "my_", "my-", "env.", "os.", "process.", "secrets.", "vault:", "xxx", "***", "...", "ref+", "op://")
    ):
        return not (
            bare[0] in "$%(["
            and _mixed(bare)
            and not bare.endswith((")", "]", "}", "%"))
            and not bare[1:].isupper()
            and bare[1:2] not in "{("
        )
    return (
        "***" in bare
        or "..." in bare
        or "xxxx" in lowered
        or ("example" in lowered and "/" not in bare and not _mixed(bare))
    )


def _mixed(text: str) -> bool:
    """Three kinds of characters: lower case, upper case, digits, signs."""
    kinds = (any(map(str.islower, text)), any(map(str.isupper, text)), any(map(str.isdigit, text)), not text.isalnum())
    return sum(kinds) >= 3


def random_token(value: str, *, bits: float = 3.0) -> bool:
    """Whether `value` looks generated: letters and digits, and enough entropy for its length."""
    has_digit = any("0" <= char <= "9" for char in value)
    has_letter = any(char.isalpha() for char in value)
    return has_digit and has_letter and entropy(value) >= min(bits, math.log2(max(len(value), 2)) * 0.8)


def passwordish(value: str) -> bool:
    """Whether `value` has what people put into passwords beside lower-case letters."""
    if any(map(str.isdigit, value)) and any(map(str.isalpha, value)):
        return True
    signs = [char for char in value if not char.isalnum()]
    if any(char in "!@#$%^&*?+~=" for char in signs) and any(map(str.isalpha, value)):
        return True
    return value.isdigit() and len(value) >= 6
