"""How a connection is kept: nobody may hold it open without saying anything, or hold all of them."""

from __future__ import annotations

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from soleus.app.web.access import is_near
from soleus.app.web.guard import HEADERS

HEAD_S = 10.0  # choice: the first lines of a request need a moment at home
MOST_FROM_AFAR = 64  # choice: a household has fewer phones; this computer itself is not limited


class CarefulConnection(H11Protocol):
    """One connection of a browser (HTTP/1.1)."""

    _head_limit: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a connection, unless too many from elsewhere are open."""
        super().connection_made(transport)
        if not self._near() and sum(not other._near() for other in self._others()) > MOST_FROM_AFAR:
            transport.abort()
            return
        self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on; a request that has begun must get to the end of its first lines soon."""
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE or not self.conn.trailing_data[0]:
            self._stop_waiting()
        elif self._head_limit is None:
            self._wait_for_head()

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP with the headers of every other answer."""
        if self.conn.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            self.transport.abort()
            return
        headers: list[Any] = [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close")]
        headers += [(name.encode(), value.encode()) for name, value in HEADERS.items()]
        headers.append((b"cache-control", b"no-store"))
        events = (
            h11.Response(status_code=400, headers=headers, reason=b"Bad Request"),
            h11.Data(data=b"This is no request that can be read."),
            h11.EndOfMessage(),
        )
        for event in events:
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def _near(self) -> bool:
        return is_near(self.client[0] if self.client else "")

    def _others(self) -> list[CarefulConnection]:
        return [one for one in self.connections if isinstance(one, CarefulConnection)]

    def _wait_for_head(self) -> None:
        self._head_limit = self.loop.call_later(HEAD_S, self._too_slow)

    def _stop_waiting(self) -> None:
        if self._head_limit is not None:
            self._head_limit.cancel()
            self._head_limit = None

    def _too_slow(self) -> None:
        self._head_limit = None
        if not self.transport.is_closing():
            self.transport.abort()
