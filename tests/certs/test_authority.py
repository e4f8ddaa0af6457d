"""The throw-away PKI: what lies where, with which mode, and that strict verifiers accept it."""

from __future__ import annotations

import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509.verification import PolicyBuilder, Store

from certs.authority import Authority, LeafSpec, Pki, make_pki, self_signed
from gateway.identity import identity_from_der, load_crl, verify_crl


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    return make_pki(
        tmp_path_factory.mktemp("pki") / "new" / "folder",
        trust_domain="corp.example",
        agents=["agent/demo", "team/research/reader"],
        upstreams=("on-prem", "sovereign"),
    )


def first(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificates(path.read_bytes())[0]


def test_every_peer_has_its_files(pki: Pki) -> None:
    found = {str(path.relative_to(pki.directory)) for path in pki.directory.rglob("*") if path.is_file()}
    assert found == {
        "clients-ca.crt",
        "clients.crl",
        "gateway-ca.crt",
        "gateway.crt",
        "gateway.key",
        "canary.crt",
        "canary.key",
        "agents/demo.crt",
        "agents/demo.key",
        "agents/reader.crt",
        "agents/reader.key",
        "upstreams/ca.crt",
        "upstreams/on-prem.crt",
        "upstreams/on-prem.key",
        "upstreams/sovereign.crt",
        "upstreams/sovereign.key",
    }


def test_keys_are_for_their_owner_alone_and_fit(pki: Pki) -> None:
    pairs = [pki.gateway, pki.canary, *pki.agents.values(), *pki.upstreams.values()]
    for pair in pairs:
        assert stat.S_IMODE(pair.key.stat().st_mode) == 0o600
        key = load_pem_private_key(pair.key.read_bytes(), None)
        assert key.public_key() == first(pair.certificate).public_key()


def test_agents_are_svids_and_the_canary_is_one_of_the_gateway(pki: Pki) -> None:
    expected = {
        "agent/demo": pki.agents["agent/demo"],
        "team/research/reader": pki.agents["team/research/reader"],
        "llmgw/canary": pki.canary,
    }
    store = Store([first(pki.clients_ca)])
    for path, pair in expected.items():
        leaf = first(pair.certificate)
        identity = identity_from_der(leaf.public_bytes(Encoding.DER), trust_domain="corp.example")
        assert identity.spiffe_id == f"spiffe://corp.example/{path}"
        PolicyBuilder().store(store).build_client_verifier().verify(leaf, [])


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1"])
def test_openssl_accepts_the_chains_in_strict_mode(pki: Pki, host: str) -> None:
    option = "-verify_hostname" if host == "localhost" else "-verify_ip"
    for ca, pair in ((pki.gateway_ca, pki.gateway), (pki.upstream_ca, pki.upstreams["on-prem"])):
        done = subprocess.run(
            [
                "openssl",
                "verify",
                "-x509_strict",
                "-purpose",
                "sslserver",
                option,
                host,
                "-CAfile",
                str(ca),
                str(pair.certificate),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr


def test_openssl_accepts_the_agents_with_the_list(pki: Pki) -> None:
    done = subprocess.run(
        [
            "openssl",
            "verify",
            "-x509_strict",
            "-crl_check",
            "-purpose",
            "sslclient",
            "-CAfile",
            str(pki.clients_ca),
            "-CRLfile",
            str(pki.clients_crl),
            str(pki.agents["agent/demo"].certificate),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_the_list_can_be_replaced(pki: Pki) -> None:
    serial = first(pki.canary.certificate).serial_number
    pki.write_crl([serial])
    crl = load_crl(pki.clients_crl.read_bytes())
    verify_crl(crl, [pki.clients.certificate])
    assert crl.serials == {serial}
    assert not list(pki.directory.glob("*.new"))


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    make_pki(tmp_path, trust_domain="corp.example", agents=[])
    before = (tmp_path / "gateway.key").read_bytes()
    with pytest.raises(FileExistsError):
        make_pki(tmp_path, trust_domain="corp.example", agents=[])
    assert (tmp_path / "gateway.key").read_bytes() == before


def test_two_agents_cannot_share_a_file(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="same path segment"):
        make_pki(tmp_path / "p", trust_domain="corp.example", agents=["a/demo", "b/demo"])
    assert not (tmp_path / "p").exists()


def test_an_agent_may_not_take_the_place_of_another_file(tmp_path: Path) -> None:
    """Agents lie in their own folder: one called `gateway` or `canary` stands beside, not in place of, the real one."""
    pki = make_pki(tmp_path, trust_domain="corp.example", agents=["agent/canary", "agent/gateway"])
    assert pki.agents["agent/canary"].key != pki.canary.key


def test_two_runs_share_nothing(tmp_path: Path, pki: Pki) -> None:
    other = make_pki(tmp_path, trust_domain="corp.example", agents=["agent/demo"])
    assert other.clients_ca.read_bytes() != pki.clients_ca.read_bytes()
    assert other.gateway.key.read_bytes() != pki.gateway.key.read_bytes()


def test_keys_do_not_show_in_representations(pki: Pki) -> None:
    issued = pki.clients.issue_agent("spiffe://corp.example/agent/x")
    for value in (pki, pki.clients, issued):
        assert "EllipticCurvePrivateKey" not in repr(value)


def test_odd_certificates_say_what_was_asked() -> None:
    authority = Authority.root("r")
    end = datetime.now(UTC).replace(microsecond=0) + timedelta(days=3)
    spec = LeafSpec("x", usages=None, key_usage=None, ca=True, path_length=2, serial=99, not_after=end)
    issued = authority.mint(spec)
    certificate = issued.certificate
    assert certificate.serial_number == 99
    assert certificate.not_valid_after_utc == end
    assert certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.path_length == 2
    for absent in (x509.ExtendedKeyUsage, x509.KeyUsage, x509.SubjectAlternativeName):
        with pytest.raises(x509.ExtensionNotFound):
            certificate.extensions.get_extension_for_class(absent)
    own = self_signed(LeafSpec("own")).certificate
    own.verify_directly_issued_by(own)
    with pytest.raises(ValueError, match="not a key usage: sign_all"):
        authority.mint(LeafSpec(key_usage=frozenset({"sign_all"})))


def test_the_module_can_be_run(tmp_path: Path, repository: Path) -> None:
    run = [sys.executable, "-m", "certs", str(tmp_path / "p")]
    done = subprocess.run(run, cwd=repository, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "p" / "agents" / "demo.key").exists()
    again = subprocess.run(run, cwd=repository, capture_output=True, text=True, check=False)
    assert again.returncode == 2
    assert "Give a folder" in again.stderr
    assert subprocess.run(run[:3], cwd=repository, capture_output=True, check=False).returncode == 2
