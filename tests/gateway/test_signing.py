from __future__ import annotations

import pytest

from gateway.errors import Refusal, Refused
from gateway.model import Credential
from gateway.ports import OutgoingRequest, RequestSigner
from gateway.signing import HeaderSigner

REQUEST = OutgoingRequest("POST", "bedrock.example", "/model/m%3A0/converse", (("host", "bedrock.example"),), b"{}")


def test_a_credential_goes_into_its_header_and_is_told_as_a_secret() -> None:
    sign: RequestSigner = HeaderSigner({"file:key": "v" * 12}.__getitem__)
    bearer = sign(Credential("authorization", "Bearer ", "file:key"), REQUEST)
    assert bearer.headers == (("authorization", "Bearer " + "v" * 12),) and bearer.secrets == ("v" * 12,)
    assert sign(Credential("x-api-key", "", "file:key"), REQUEST).headers == (("x-api-key", "v" * 12),)
    assert "v" * 12 not in repr(bearer) and "converse" not in repr(REQUEST)


def test_a_missing_credential_is_refused() -> None:
    def missing(source: str) -> str:
        raise Refused(Refusal("llmgw_credential_missing", 502, "none"))

    with pytest.raises(Refused):
        HeaderSigner(missing)(Credential("authorization", "Bearer ", "env:NONE"), REQUEST)
