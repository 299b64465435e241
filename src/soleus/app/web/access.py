"""Who asks: this computer, a device that the person linked, or a stranger; and the PIN with which a device is linked.

This computer needs nothing: whoever can use it can read the file of the diary anyway. Everything else needs a token
that it was given in exchange for the PIN, which is shown on this computer only.
"""

from __future__ import annotations

import hmac
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_address
from typing import TYPE_CHECKING, Literal

from fastapi import Request

from soleus.app.web.wire import Refused, refuse
from soleus.core.message import say
from soleus.diary import Device, find_device

if TYPE_CHECKING:
    from soleus.app.web.house import House

DEVICE_COOKIE = "soleus_device"
PIN_DIGITS = 8
PIN_S = 600.0  # ten minutes, as printed beside it
MINUTE_S, WINDOW_S = 60.0, 600.0
WRONG_EACH, WRONG_ALL = 5, 20  # choice: a slip or two is free; guessing 20 of 100 million in ten minutes leads nowhere
FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "via")

Role = Literal["here", "device", "stranger"]


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sent a request.

    Parameters
    ----------
    role : {"here", "device", "stranger"}
    source : str
        Network address, for the audit.
    secure : bool
        Whether the browser came by HTTPS.
    device : Device, optional
        The linked device, when it is one.
    """

    role: Role
    source: str
    secure: bool
    device: Device | None = None


def is_near(peer: str) -> bool:
    """Say whether a connection can't have come over the network: from a loopback address, or from no address at all.

    Examples
    --------
    >>> is_near("127.0.0.1"), is_near("::ffff:127.0.0.1"), is_near("192.168.1.20"), is_near("")
    (True, True, False, True)
    """
    try:
        address = ip_address(peer)
    except ValueError:
        return True  # a pipe or a caller in the same process; a network peer always has a numeric address
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return address.is_loopback


def caller_at_door(request: Request, house: House) -> Caller:
    """Return who asks as far as address and name tell: this computer, or a stranger until a token says otherwise.

    Raises
    ------
    Refused
        421: the request was addressed to a name that is not ours (a name of a stranger that points here).
    """
    peer = request.client.host if request.client else ""
    near, host = is_near(peer), request.headers.get("host", "").lower()
    forwarded = any(name in request.headers for name in FORWARDED)
    if near and not forwarded and host in house.hosts:
        return Caller("here", peer, request.url.scheme == "https")
    allowed = house.lan_hosts
    server = request.scope.get("server")
    if house.lan and server and not is_near(server[0]):
        allowed = allowed | {f"{server[0]}:{server[1]}"}
    if host not in allowed:
        raise refuse(
            421,
            "other_host",
            "host",
            say("the server was asked for under a name that is not its own"),
            say("another site may be asking"),
            say("use the address that Soleus shows when it starts"),
        )
    by_proxy = near and request.headers.get("x-forwarded-proto", "").lower() == "https"
    return Caller("stranger", peer, by_proxy or request.url.scheme == "https")


def known_device(request: Request, house: House) -> Device | None:
    """Return the linked device that has the token of this request, looked up anew each time."""
    token = request.cookies.get(DEVICE_COOKIE, "")
    return find_device(house.diary, token, now=house.now()) if token else None


def caller_of(request: Request) -> Caller:
    """Return who asks; the guard has found out before any page is made."""
    caller: Caller = request.state.caller
    return caller


async def only_here(request: Request) -> None:
    """Let a route be used on this computer only: ``dependencies=[Depends(only_here)]``."""
    if caller_of(request).role != "here":
        raise refuse(
            403,
            "only_here",
            "address",
            say("this can only be done on the computer that Soleus runs on"),
            say("a phone that was lost must not be able to do it"),
            say("open Soleus on that computer"),
        )


@dataclass(frozen=True, slots=True)
class Pin:
    """The PIN that is shown, and how many seconds it can still be used."""

    digits: str
    seconds_left: float


@dataclass
class Access:
    """The PIN of the moment and the wrong ones of the last ten minutes; all of it in memory only.

    Parameters
    ----------
    clock : callable
        Seconds that only grow; tests give their own.
    """

    clock: Callable[[], float] = time.monotonic
    _digits: str = ""
    _until: float = 0.0
    _wrong: list[tuple[float, str]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def renew(self) -> Pin:
        """Make a new PIN, valid for ten minutes; the one before is void, and the wrong ones are forgotten.

        Whoever can ask for one sits at this computer; a stranger who used up the tries must not keep them out.
        """
        with self._lock:
            self._wrong = []
            self._digits = f"{secrets.randbelow(10**PIN_DIGITS):0{PIN_DIGITS}d}"
            self._until = self.clock() + PIN_S
            return Pin(self._digits, PIN_S)

    def pin(self) -> Pin | None:
        """Return the PIN that can be used now, None when there is none."""
        with self._lock:
            left = self._until - self.clock()
            return Pin(self._digits, left) if self._digits and left > 0 else None

    def use(self, told: str, source: str) -> None:
        """Take a PIN that was typed in; each can be used once.

        Raises
        ------
        Refused
            403 when it is wrong or too old; 429 after too many wrong ones, whether this one is right or not.
        """
        with self._lock:
            now = self.clock()
            self._wrong = [(at, who) for at, who in self._wrong if now - at < WINDOW_S]
            mine = [at for at, who in self._wrong if who == source and now - at < MINUTE_S]
            wait = 0.0
            if len(mine) >= WRONG_EACH:
                wait = MINUTE_S - (now - mine[0])
            if len(self._wrong) >= WRONG_ALL:
                wait = max(wait, WINDOW_S - (now - self._wrong[0][0]))
            if wait > 0:
                raise _throttled(wait)
            digits = "".join(sign for sign in told if sign not in " -\u00a0")
            right = hmac.compare_digest(digits.encode("utf-8", "replace"), (self._digits or "no PIN").encode())
            if not right or not self._digits or now >= self._until:
                self._wrong.append((now, source))
                raise _wrong_pin()
            self._digits = ""


def _wrong_pin() -> Refused:
    return refuse(
        403,
        "wrong_pin",
        "pin",
        say("this PIN is wrong or no longer valid"),
        say("it is valid for ten minutes and links one device"),
        say("look at the PIN on the computer again, or ask for a new one there"),
    )


def _throttled(wait: float) -> Refused:
    refused = refuse(
        429,
        "too_many_pins",
        "pin",
        say("too many wrong PINs"),
        say("somebody may be guessing"),
        say("wait a few minutes and try again"),
    )
    refused.headers["retry-after"] = str(max(1, round(wait + 0.5)))
    return refused
