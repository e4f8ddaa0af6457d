"""Which address may be dialled: a name is resolved once, the answer is checked, and that address is what is dialled."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from typing import Final

_NEVER: Final = tuple(
    ipaddress.ip_network(net)
    for net in ("169.254.0.0/16", "fe80::/10", "0.0.0.0/8", "::/128", "224.0.0.0/4", "ff00::/8", "255.255.255.255/32")
)
"""Link-local (cloud metadata services), unspecified, multicast, broadcast: refused whatever a policy says."""
_EMBEDDING: Final = tuple(
    ipaddress.ip_network(net) for net in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32")
)
"""NAT64, 6to4 and Teredo carry an IPv4 address inside: refused, the inner address would be unchecked."""


class DialRefusedError(Exception):
    """An address that must not be dialled."""


def check_address(text: str, *, allow_private: bool) -> None:
    """Raise DialRefusedError unless `text`, an IP address in canonical form, may be dialled.

    With `allow_private` loopback and private ranges (RFC 1918, RFC 4193) are allowed: on-prem upstreams live there.
    """
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if any(address in net for net in (*_NEVER, *_EMBEDDING) if net.version == address.version):
        raise DialRefusedError("the address is link-local, multicast or carries another address")
    if not allow_private and not address.is_global:
        raise DialRefusedError("the address is private and the upstream does not say allow_private")


async def resolve(host: str, port: int, *, allow_private: bool) -> tuple[str, int]:
    """The first address of `host`, after every answer has been checked. Raises OSError, DialRefusedError.

    One forbidden answer among several refuses them all: mixed answers are how a rebinding attack begins.
    """
    try:
        literal = ipaddress.ip_address(host)
    except ValueError:
        loop = asyncio.get_running_loop()
        answers = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = [str(answer[4][0]) for answer in answers]
    else:
        addresses = [str(literal)]
    if not addresses:
        raise DialRefusedError("the name has no address")
    for address in addresses:
        check_address(address, allow_private=allow_private)
    return addresses[0], port
