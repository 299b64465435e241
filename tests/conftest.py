"""Property tests try the same examples every time; HYPOTHESIS_PROFILE=wide looks further, with new ones.

And nothing goes out: a test that connects to anything but this computer fails.
"""

from __future__ import annotations

import ipaddress
import os
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import settings

settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("wide", deadline=None, max_examples=400)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))

NAMES_OF_THIS_COMPUTER = ("", "localhost", socket.gethostname())


def stays_here(family: int, address: Any) -> bool:
    """Return whether a socket address is one of this computer's own."""
    if family not in (socket.AF_INET, socket.AF_INET6):
        return True  # a pipe (AF_UNIX), the kernel (AF_NETLINK)
    if address[0] in NAMES_OF_THIS_COMPUTER:
        return True
    try:
        return ipaddress.ip_address(address[0].partition("%")[0]).is_loopback
    except ValueError:
        return False  # a name to be looked up elsewhere


@pytest.fixture(scope="session", autouse=True)
def nothing_goes_out() -> Iterator[None]:
    """Forbid every connection and every datagram to another computer, for the whole suite."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("connect", "connect_ex", "sendto"):
            patch.setattr(socket.socket, name, _kept_here(getattr(socket.socket, name)))
        yield


def _kept_here(real: Any) -> Any:
    def guarded(self: socket.socket, *arguments: Any) -> Any:
        assert stays_here(self.family, arguments[-1]), f"a connection to {arguments[-1]} was tried"
        return real(self, *arguments)

    return guarded
