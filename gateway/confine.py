"""What every process that holds prompts or keys does to itself: no core dumps, no reading by others, no orphans."""

from __future__ import annotations

import ctypes
import resource
import signal
import sys
from typing import Final

_PR_SET_PDEATHSIG: Final = 1
_PR_SET_DUMPABLE: Final = 4


def confine(parent_death: signal.Signals) -> None:
    """Leave no core, be readable by no other process of this user (prctl(2)), get `parent_death` when the parent dies.

    The caller checks afterwards that its parent still is who it was: it may have died just before.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if not sys.platform.startswith("linux"):
        return
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_PDEATHSIG, int(parent_death), 0, 0, 0)
    libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
