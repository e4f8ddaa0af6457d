"""`python -m certs DIR [TRUST_DOMAIN [AGENT_PATH ...]]`: write a throw-away PKI."""

from __future__ import annotations

import sys
from pathlib import Path

from certs.authority import make_pki


def main(arguments: list[str]) -> int:
    """Make the PKI; 0 when done, 2 on wrong usage or when a file is in the way."""
    if not arguments or arguments[0].startswith("-"):
        sys.stderr.write(f"{__doc__}\n")
        return 2
    directory, trust_domain, *agents = [*arguments, *("corp.example", "agent/demo")[len(arguments) - 1 :]]
    try:
        make_pki(Path(directory), trust_domain=trust_domain, agents=agents)
    except (FileExistsError, ValueError) as error:
        sys.stderr.write(f"{error}. Give a folder that does not hold a PKI yet.\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
