"""The body of a request: as long and as slow as it may be, read once and given on."""

from __future__ import annotations

import asyncio
from urllib.parse import parse_qsl

from fastapi import Request
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive, Scope

from soleus.app.web.wire import Refused, refuse
from soleus.core.message import say

BODY_S = 30.0  # choice: the largest body needs a second at home; slower is an attack or a broken line
URL_ENCODED, MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"


def too_long(most: int) -> Refused:
    """Return the refusal of a body that is too long."""
    return refused_length(413, "too_long", "body", most)


def refused_length(status: int, code: str, where: str, most: int) -> Refused:
    """Return the refusal of something that is too long."""
    refused = refuse(
        status,
        code,
        where,
        say("more than {most:,} bytes", most=most),
        say("this much can't be meant"),
        say("send less"),
    )
    refused.headers["connection"] = "close"
    return refused


async def nothing_more() -> Message:
    """Give the end of a body."""
    return {"type": "http.request", "body": b"", "more_body": False}


def bounded(receive: Receive, most: int) -> Receive:
    """Return what reads a body that is neither too long nor too slow."""
    taken = 0
    deadline: float | None = None
    whole = False

    async def read() -> Message:
        nonlocal taken, deadline, whole
        if whole:
            return await receive()  # whether the other side has gone; that may take as long as the answer
        if deadline is None:
            deadline = asyncio.get_running_loop().time() + BODY_S
        try:
            async with asyncio.timeout_at(deadline):
                message = await receive()
        except TimeoutError:
            refused = refuse(
                408,
                "too_slow",
                "body",
                say("the request did not arrive within {seconds:.0f} seconds", seconds=BODY_S),
                say("the line may be broken"),
                say("try again"),
            )
            refused.headers["connection"] = "close"
            raise refused from None
        if message["type"] == "http.request":
            taken += len(message.get("body", b""))
            whole = not message.get("more_body", False)
            if taken > most:
                raise too_long(most)
        return message

    return read


async def whole_body(receive: Receive) -> bytes:
    """Return the whole body."""
    raw = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        raw += message.get("body", b"")
        if not message.get("more_body", False):
            return bytes(raw)


def replayed(body: bytes, receive: Receive) -> Receive:
    """Return what reads a body that was read before."""
    given = False

    async def read() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return read


async def form_token(scope: Scope, kind: str, body: bytes) -> str | None:
    """Return the token of a form."""
    if kind == URL_ENCODED:
        try:
            fields = parse_qsl(body.decode("latin-1"), keep_blank_values=True, max_num_fields=2_000)
        except ValueError:
            return None
        return next((value for name, value in fields if name == "csrf"), None)
    try:
        async with Request(scope, replayed(body, nothing_more)).form(max_files=4, max_fields=200) as form:
            told = form.get("csrf")
    except (HTTPException, ValueError):
        return None
    return told if isinstance(told, str) else None
