"""Content codings: rows E-01 to E-05 and E-04."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib
from collections.abc import Callable

import brotli  # type: ignore[import-untyped]
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from gateway import codings, strict_json
from gateway.errors import Refused


def raw_deflate(data: bytes) -> bytes:
    stream = zlib.compressobj(wbits=-15)
    return stream.compress(data) + stream.flush()


def zstd(data: bytes) -> bytes:
    return zstandard.ZstdCompressor(write_checksum=True).compress(data)


CODERS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "gzip": ("gzip", gzip.compress),
    "zlib": ("deflate", zlib.compress),
    "raw": ("deflate", raw_deflate),
    "br": ("br", lambda data: brotli.compress(data, quality=5)),
    "zstd": ("zstd", zstd),
}
TEXT = b'{"model":"m","messages":[]}' * 40


def refusal(data: bytes, token: str | None, limit: int = 1 << 20) -> tuple[str, int]:
    with pytest.raises(Refused) as caught:
        codings.decode(data, token, limit=limit)
    return caught.value.refusal.code, caught.value.refusal.status


@pytest.mark.parametrize("coder", CODERS)
@given(st.binary(max_size=3000))
def test_round_trip(coder: str, data: bytes) -> None:
    token, encode = CODERS[coder]
    assert codings.decode(encode(data), token, limit=max(1, len(data))) == data


@pytest.mark.parametrize("token", [None, "identity", "Identity", " identity\t"])
def test_identity(token: str | None) -> None:
    assert codings.decode(TEXT, token, limit=len(TEXT)) == TEXT
    assert refusal(TEXT, token, len(TEXT) - 1) == ("llmgw_body_too_large", 413)


@pytest.mark.parametrize("token", ["GZIP", "gZip", " gzip "])
def test_case_does_not_matter(token: str) -> None:
    assert codings.decode(gzip.compress(TEXT), token, limit=len(TEXT)) == TEXT


@pytest.mark.parametrize(
    "token",
    [
        "",
        " ",
        "x-gzip",
        "x-deflate",
        "compress",
        "gzip, gzip",
        "gzip,br",
        "identity, gzip",
        "gzip;q=1",
        "*",
        "none",
        "utf-16",
        "utf_7",
        "rot13",
        "bz2",
        "hex",
        "base64",
        "zlib_codec",
        "brotli",
        "zst",
        "gzip\0",
        "\u0131dentity",
        "g\u200bzip",
        "dcb",
        "aws-chunked",
        "'gzip'",
        '"gzip"',
    ],
)
def test_everything_else_is_415(token: str) -> None:
    assert refusal(gzip.compress(TEXT), token) == ("llmgw_unsupported_coding", 415)


@pytest.mark.parametrize("coder", CODERS)
def test_a_cut_stream_is_refused_at_every_byte(coder: str) -> None:
    token, encode = CODERS[coder]
    data = encode(TEXT)
    for cut in range(len(data)):
        assert refusal(data[:cut], token) == ("llmgw_invalid_coding", 400)


@pytest.mark.parametrize("coder", CODERS)
@pytest.mark.parametrize("tail", ["byte", "zero", "member"])
def test_what_follows_a_stream_is_refused(coder: str, tail: str) -> None:
    token, encode = CODERS[coder]
    data = encode(TEXT)
    more = {"byte": b"x", "zero": b"\0", "member": encode(b"more")}[tail]
    assert refusal(data + more, token) == ("llmgw_invalid_coding", 400)


@pytest.mark.parametrize("coder", ["gzip", "zlib", "zstd"])
def test_a_wrong_checksum_is_refused(coder: str) -> None:
    token, encode = CODERS[coder]
    data = bytearray(encode(TEXT))
    data[-5 if coder == "gzip" else -1] ^= 1
    assert refusal(bytes(data), token) == ("llmgw_invalid_coding", 400)


def test_zstd_skippable_frames_dictionaries_and_windows_are_refused() -> None:
    skippable = b"\x50\x2a\x4d\x18" + (4).to_bytes(4, "little") + b"data"
    assert refusal(skippable + zstd(TEXT), "zstd") == ("llmgw_invalid_coding", 400)
    assert refusal(zstd(TEXT) + skippable, "zstd") == ("llmgw_invalid_coding", 400)
    trained = zstandard.ZstdCompressionDict(b"dictionary" * 100, dict_type=zstandard.DICT_TYPE_RAWCONTENT)
    assert refusal(zstandard.ZstdCompressor(dict_data=trained).compress(b"dictionary" * 9), "zstd")[1] == 400
    parameters = zstandard.ZstdCompressionParameters.from_level(1, window_log=27)
    stream = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    assert refusal(stream.compress(TEXT) + stream.flush(), "zstd") == ("llmgw_invalid_coding", 400)


def test_zstd_streamed_by_a_client_without_size_is_taken() -> None:
    stream = zstandard.ZstdCompressor().compressobj()
    data = (
        stream.compress(TEXT) + stream.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK) + stream.compress(TEXT) + stream.flush()
    )
    assert codings.decode(data, "zstd", limit=2 * len(TEXT)) == TEXT + TEXT


@pytest.mark.parametrize("coder", CODERS)
def test_a_bomb_stops_at_the_limit_in_bounded_memory(coder: str) -> None:
    token, encode = CODERS[coder]
    bomb = encode(bytes(64 << 20))
    limit = 1 << 20
    tracemalloc.start()
    try:
        assert refusal(bomb, token, limit) == ("llmgw_body_too_large", 413)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 8 * limit


@pytest.mark.parametrize("coder", CODERS)
def test_plain_bytes_under_a_coding_and_the_reverse_are_refused(coder: str) -> None:
    token, encode = CODERS[coder]
    assert refusal(TEXT, token) == ("llmgw_invalid_coding", 400)
    with pytest.raises(Refused, match="llmgw_invalid_json"):
        strict_json.loads(codings.decode(encode(TEXT), "identity", limit=1 << 20))


@given(st.sampled_from(["gzip", "deflate", "br", "zstd"]), st.binary(max_size=300))
def test_any_bytes_decode_or_are_refused(token: str, data: bytes) -> None:
    try:
        assert len(codings.decode(data, token, limit=10_000)) <= 10_000
    except Refused as error:
        assert error.refusal.status in (400, 413)


@given(st.binary(max_size=300))
def test_any_zstd_frame_decodes_or_is_refused(data: bytes) -> None:
    try:
        codings.decode(b"\x28\xb5\x2f\xfd" + data, "zstd", limit=10_000)
    except Refused as error:
        assert error.refusal.status in (400, 413)
