"""Who is calling: from the leaf certificate of a handshake to a record of the registry. Pure; the clock is an argument.

The chain itself is verified by the TLS stack. What it leaves open is decided here: the rules of X509-SVID for a leaf,
revocation and validity at the time of each request (a resumed session does not verify anything), and the registry.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, NoReturn, Protocol

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID

from gateway.errors import ConfigurationError, Refusal, Refused
from gateway.model import AgentRecord, AgentState, Identity

MAXIMUM_ID_BYTES: Final = 2048
_TRUST_DOMAIN: Final = re.compile(r"[a-z0-9._-]{1,255}\Z")
_SEGMENT: Final = re.compile(r"[a-zA-Z0-9._-]+\Z")
_UNDERSTOOD: Final = frozenset(
    {
        ExtensionOID.BASIC_CONSTRAINTS,
        ExtensionOID.KEY_USAGE,
        ExtensionOID.EXTENDED_KEY_USAGE,
        ExtensionOID.SUBJECT_ALTERNATIVE_NAME,
        ExtensionOID.NAME_CONSTRAINTS,
    }
)
"""Extensions that may be critical in a leaf, because this module or the TLS stack acts on them."""


class SpiffeIdError(ValueError):
    """A text is not a SPIFFE ID of a workload in the trust domain. The message names the rule and quotes nothing."""


class AgentDirectory(Protocol):
    """What admission needs of the registry."""

    @property
    def by_spiffe_id(self) -> Mapping[str, AgentRecord]:
        """Every agent, by its exact SPIFFE ID."""
        ...


def parse_spiffe_id(text: str, trust_domain: str) -> str:
    """`text`, when it is byte for byte a workload's SPIFFE ID in `trust_domain`; nothing is normalised.

    Rules of the SPIFFE-ID standard, section 2; at most 2048 bytes. Raises SpiffeIdError.
    """
    if len(text.encode("utf-8", "surrogatepass")) > MAXIMUM_ID_BYTES:
        raise SpiffeIdError("a SPIFFE ID has at most 2048 bytes")
    scheme, separator, rest = text.partition("://")
    if scheme != "spiffe" or not separator:
        raise SpiffeIdError("a SPIFFE ID begins with spiffe:// in lower case")
    domain, slash, path = rest.partition("/")
    if not _TRUST_DOMAIN.match(domain):
        raise SpiffeIdError("a trust domain has only a-z, 0-9, '.', '-' and '_': no port, user or percent-encoding")
    if domain != trust_domain:
        raise SpiffeIdError("the SPIFFE ID is of another trust domain")
    if not slash:
        raise SpiffeIdError("a workload's SPIFFE ID has a path after the trust domain")
    for segment in path.split("/"):
        if not segment:
            raise SpiffeIdError("a SPIFFE ID has no empty path segment and no slash at its end")
        if segment in (".", ".."):
            raise SpiffeIdError("a SPIFFE ID has no dot segments")
        if not _SEGMENT.match(segment):
            raise SpiffeIdError("a path segment has only letters, digits, '.', '-' and '_': no query or fragment")
    return text


def _refuse(code: str, message: str) -> NoReturn:
    # 401 and never 403: client programs take 403 for a lost session and ask their user to log in again.
    raise Refused(Refusal(code, 401, message))


def _invalid(what: str) -> NoReturn:
    _refuse(
        "llmgw_certificate_invalid",
        f"The client certificate cannot be used: {what}. Ask for an X509-SVID of your agent and connect with that.",
    )


def identity_from_der(leaf: bytes, *, trust_domain: str) -> Identity:
    """The identity in a leaf whose chain the handshake has verified. Rules of X509-SVID, section 5.2.

    The subject's common name is never read. Raises Refused (`llmgw_certificate_invalid`).
    """
    try:
        certificate = x509.load_der_x509_certificate(leaf)
        extensions = {extension.oid: extension for extension in certificate.extensions}
        issuer = certificate.issuer.rfc4514_string()
        not_before, not_after = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    except (ValueError, x509.InvalidVersion, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        _invalid("it is malformed")
    if any(extension.critical and oid not in _UNDERSTOOD for oid, extension in extensions.items()):
        _invalid("it has a critical extension that is not understood")
    _check_leaf({oid: extension.value for oid, extension in extensions.items()})
    if certificate.serial_number <= 0:
        _invalid("its serial number is not positive")
    if not_after < not_before:
        _invalid("it ends before it begins")
    names = extensions.get(ExtensionOID.SUBJECT_ALTERNATIVE_NAME)
    uris: list[str] = []
    if names is not None and isinstance(names.value, x509.SubjectAlternativeName):
        uris = names.value.get_values_for_type(x509.UniformResourceIdentifier)
    if len(uris) != 1:
        _invalid(f"it has {len(uris)} URI names, and an X509-SVID has exactly one")
    try:
        spiffe_id = parse_spiffe_id(uris[0], trust_domain)
    except SpiffeIdError as error:
        _invalid(str(error))
    return Identity(
        spiffe_id=spiffe_id,
        serial=certificate.serial_number,
        issuer=issuer,
        not_before=not_before,
        not_after=not_after,
        fingerprint=certificate.fingerprint(hashes.SHA256()).hex(),
    )


def _check_leaf(values: Mapping[x509.ObjectIdentifier, x509.ExtensionType]) -> None:
    """Whether the extensions are those of a client's leaf."""
    constraints = values.get(ExtensionOID.BASIC_CONSTRAINTS)
    if isinstance(constraints, x509.BasicConstraints) and constraints.ca:
        _invalid("it is a CA certificate")
    usage = values.get(ExtensionOID.KEY_USAGE)
    if not isinstance(usage, x509.KeyUsage):
        _invalid("it has no key usage")
    if usage.key_cert_sign or usage.crl_sign:
        _invalid("its key may sign certificates or revocation lists")
    if not usage.digital_signature:
        _invalid("its key usage lacks digitalSignature")
    extended = values.get(ExtensionOID.EXTENDED_KEY_USAGE)
    if not isinstance(extended, x509.ExtendedKeyUsage) or ExtendedKeyUsageOID.CLIENT_AUTH not in extended:
        _invalid("its extended key usage lacks clientAuth")


@dataclass(frozen=True, slots=True)
class RevocationList:
    """What one issuer has revoked, and from when until when the list speaks."""

    issuer: str
    serials: frozenset[int]
    this_update: datetime
    next_update: datetime
    source: x509.CertificateRevocationList | None = field(default=None, repr=False, compare=False)
    """The signed list, for `verify_crl`."""


def load_crls(data: bytes) -> tuple[RevocationList, ...]:
    """The complete lists in a PEM file (one or more) or a DER file (one). Raises ConfigurationError.

    Signatures are checked by `verify_crl`. Delta and partial lists are refused: they leave revocations out.
    """
    try:
        # Block by block: a block that is cut short, or of another kind, is an error and never skipped.
        blocks = re.findall(rb"-----BEGIN .+?(?=-----BEGIN |\Z)", data, re.DOTALL)
        parsed = [x509.load_pem_x509_crl(block) for block in blocks] or [x509.load_der_x509_crl(data)]
        lists = tuple(_revocation_list(crl) for crl in parsed)
    except (ValueError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType) as error:
        raise ConfigurationError("The file is not an X.509 revocation list. Give a PEM or DER CRL.") from error
    return lists


def load_crl(data: bytes) -> RevocationList:
    """The one list in a PEM or DER file. Raises ConfigurationError, also when there is more than one."""
    lists = load_crls(data)
    if len(lists) != 1:
        raise ConfigurationError(f"The file holds {len(lists)} revocation lists where one is wanted.")
    return lists[0]


def _revocation_list(crl: x509.CertificateRevocationList) -> RevocationList:
    if any(extension.critical for extension in crl.extensions):
        raise ConfigurationError("The revocation list is a delta or partial list. Publish complete lists.")
    if crl.next_update_utc is None:
        raise ConfigurationError("The revocation list has no nextUpdate. Publish lists that say how long they hold.")
    serials = set()
    for entry in crl:
        if any(extension.critical for extension in entry.extensions):
            raise ConfigurationError("The revocation list has entries of other issuers. Publish one list per issuer.")
        serials.add(entry.serial_number)
    return RevocationList(
        issuer=crl.issuer.rfc4514_string(),
        serials=frozenset(serials),
        this_update=crl.last_update_utc,
        next_update=crl.next_update_utc,
        source=crl,
    )


def verify_crl(crl: RevocationList, ca_certificates: Iterable[x509.Certificate]) -> None:
    """Check that one of the authorities signed the list. Raises ConfigurationError."""
    for authority in ca_certificates:
        if crl.source is None or authority.subject != crl.source.issuer:
            continue
        try:
            if crl.source.is_signature_valid(authority.public_key()):  # type: ignore[arg-type]
                return
        except (TypeError, ValueError):  # a kind of key that cannot have signed it
            continue
    raise ConfigurationError(
        "The revocation list is not signed by a CA of the client bundle. Give the list of the CA that issues the "
        "agents' certificates."
    )


def admit(
    identity: Identity,
    registry: AgentDirectory,
    *,
    revocations: RevocationList | Sequence[RevocationList] | None,
    now: datetime,
) -> AgentRecord:
    """The record of the agent that may call now. `now` is aware; None for `revocations` means none are configured.

    Raises Refused: certificate out of its time, no current revocation list of its issuer, revoked, agent unknown,
    suspended or revoked.
    """
    if now < identity.not_before:
        _refuse(
            "llmgw_certificate_expired",
            f"The client certificate is not valid before {_stamp(identity.not_before)}. Check the clock of the machine "
            "that issued it, or wait.",
        )
    if now > identity.not_after:
        _refuse(
            "llmgw_certificate_expired",
            f"The client certificate expired at {_stamp(identity.not_after)}. Renew it and connect again.",
        )
    if revocations is not None:
        lists = (revocations,) if isinstance(revocations, RevocationList) else revocations
        _check_revocation(identity, lists, now)
    record = registry.by_spiffe_id.get(identity.spiffe_id)
    if record is None or record.spiffe_id != identity.spiffe_id:
        _refuse(
            "llmgw_unknown_agent",
            "The client certificate is valid, but no agent is registered under its SPIFFE ID. Ask the gateway's "
            "operator to add the agent to the registry.",
        )
    if record.state is AgentState.SUSPENDED:
        _refuse("llmgw_agent_suspended", "This agent is suspended. Ask the gateway's operator to activate it again.")
    if record.state is not AgentState.ACTIVE:
        _refuse("llmgw_agent_revoked", "This agent is revoked. Register a new agent if the workload is still needed.")
    return record


def _check_revocation(identity: Identity, lists: Sequence[RevocationList], now: datetime) -> None:
    own = [each for each in lists if each.issuer == identity.issuer]
    if any(identity.serial in each.serials for each in own):
        _refuse(
            "llmgw_certificate_revoked",
            "The client certificate is revoked. Ask for a new certificate; if you did not expect this, tell your "
            "security team.",
        )
    if not any(each.this_update <= now <= each.next_update for each in own):
        _refuse(
            "llmgw_crl_stale",
            "The gateway has no current revocation list of the CA that issued the client certificate, so it accepts "
            "nobody. The gateway's operator has to publish a new list.",
        )


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
