"""The throw-away certificates of a bench run."""

from __future__ import annotations

import shutil
import ssl
from dataclasses import dataclass
from pathlib import Path

import certs.authority

TRUST_DOMAIN = "bench.example"
_AGENT = "agent/bench"


@dataclass(frozen=True)
class Pki:
    """What `certs` made, and the forms that peers want it in."""

    made: certs.authority.Pki
    server_pair: Path
    """Certificate chain and key of the gateway in one file, as mitmdump takes it."""

    def client_context(self) -> ssl.SSLContext:
        """A client's side of mutual TLS, HTTP/1.1 only."""
        agent = self.made.agents[_AGENT]
        context = ssl.create_default_context(cafile=str(self.made.gateway_ca))
        context.load_cert_chain(agent.certificate, agent.key)
        context.set_alpn_protocols(["http/1.1"])
        return context


def make(folder: Path) -> Pki:
    """A new PKI in `folder`, whatever was there before."""
    shutil.rmtree(folder, ignore_errors=True)
    made = certs.authority.make_pki(folder, trust_domain=TRUST_DOMAIN, agents=[_AGENT])
    pair = folder / "gateway-pair.pem"
    pair.write_bytes(made.gateway.key.read_bytes() + made.gateway.certificate.read_bytes())
    pair.chmod(0o600)
    return Pki(made, pair)
