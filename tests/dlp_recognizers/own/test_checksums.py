from __future__ import annotations

import string

import pytest

from dlp_recognizers.own.checksums import CHECKSUMS, passes

# Published examples, or numbers everybody knows; never somebody's own.
GOOD = {
    "luhn": ["79927398713", "4111 1111 1111 1111"],
    "verhoeff": ["2363", "1428570"],
    "damm": ["5724"],
    "ean": ["4006381333931", "978-0-306-40615-7"],
    "isbn10": ["0-8044-2957-X", "0-306-40615-2"],
    "mod11": ["0365327"],
    "mod97": ["5390 0754 7034 RF18"],
    "iban": ["DE89 3704 0044 0532 0130 00", "GB82 WEST 1234 5698 7654 32"],
    "mod11_2": ["0000-0002-1825-0097", "0000-0001-5109-3700"],
    "mod11_10": ["07945"],
    "mod37_2": ["G123489654321Y"],
    "mod37_36": ["A12425GABC1234002M"],
}


@pytest.mark.parametrize("name", sorted(CHECKSUMS))
def test_published_examples_pass(name: str) -> None:
    assert all(passes(name, value) for value in GOOD[name])


@pytest.mark.parametrize("name", sorted(CHECKSUMS))
def test_every_other_check_sign_fails_and_so_does_a_swap(name: str) -> None:
    value = "".join(char for char in GOOD[name][0].upper() if char in string.digits + string.ascii_uppercase)
    for sign in string.digits:
        # One digit elsewhere: each of these schemes sees every single error.
        changed = value[:-3] + sign + value[-2:]
        assert passes(name, changed) is (changed == value), changed


@pytest.mark.parametrize("name", sorted(CHECKSUMS))
@pytest.mark.parametrize("value", ["", "0", "-", "ä", "A", "*", "٣٤٥٦"])
def test_what_is_too_short_or_no_number_fails_quietly(name: str, value: str) -> None:
    assert passes(name, value) is False
