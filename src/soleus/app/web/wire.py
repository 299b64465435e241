"""Structs over HTTP: what is sent in is checked by the types that the program works with, and so is what is said of it.

FastAPI routes and describes; msgspec reads and writes. One definition of each thing serves both, and a mistake in what
was sent is told as `Problem`, like everywhere else.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

import msgspec
from fastapi import Depends, Request, Response

from soleus.core.message import say
from soleus.core.problem import Problem

T = TypeVar("T")
MOST_BYTES = 1 << 20  # choice: the largest honest body is an interview in own words, far below 1 MB
REF = "#/components/schemas/{name}"
JSON = "application/json"
_described: set[Any] = set()


class Problems(msgspec.Struct, frozen=True):
    """The one shape in which everything that went wrong is told."""

    problems: tuple[Problem, ...]


class Refused(Exception):
    """What was asked for is not done; the reason is told in problems."""

    def __init__(self, status: int, problems: Iterable[Problem]) -> None:
        self.status, self.problems = status, tuple(problems)
        self.headers: dict[str, str] = {}
        super().__init__("; ".join(problem.code for problem in self.problems))


def refuse(status: int, code: str, where: str, what: str, why: str, fix: str) -> Refused:
    """Return a refusal with one problem."""
    return Refused(status, [Problem(code=code, level="error", where=where, what=what, why=why, fix=fix)])


def sent(value: object, status: int = 200) -> Response:
    """Return a value as JSON."""
    return Response(msgspec.json.encode(value, enc_hook=str), status, media_type=JSON)


async def read_body(request: Request, most: int = MOST_BYTES) -> bytes:
    """Return the body of a request, refused when it is longer than it may be."""
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > most:
            raise refuse(
                413,
                "too_long",
                "body",
                say("more than {most:,} bytes", most=most),
                say("this much can't be meant"),
                say("send less"),
            )
    return bytes(raw)


def taken(kind: type[T]) -> T:
    """Return the dependency that reads the JSON body of a request as ``kind``: ``told: Night = taken(Night)``."""

    async def read(request: Request) -> T:
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != JSON:
            raise refuse(
                415,
                "not_json",
                "content-type",
                say("the body is not called JSON"),
                say("it can't be read"),
                say("send it as {kind}", kind=JSON),
            )
        try:
            return msgspec.json.decode(await read_body(request), type=kind)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            what = str(error) or say("the nesting is too deep")
            raise refuse(
                422, "not_read", "body", what, say("nothing was changed"), say("correct it; /api/docs has examples")
            ) from None

    found: T = Depends(read)
    return found


def described(
    *, takes: type | None = None, gives: type | None = None, example: object = None, errors: Iterable[int] = (422,)
) -> dict[str, Any]:
    """Return what a route tells the API's description: ``@router.put("/x", **described(takes=Night, gives=Kept))``.

    Parameters
    ----------
    takes, gives : type, optional
        Structs (or tuples of them) of the body and of the answer; None for neither.
    example : object, optional
        An example of the body.
    errors : iterable of int
        Statuses at which `Problems` are answered; 400, 403 and 421 are always possible and need not be listed.
    """
    told: dict[str, Any] = {"responses": {}}
    if gives is not None:
        told["responses"][200] = {"description": "Done", "content": {JSON: {"schema": _schema(gives)}}}
    for status in sorted({400, 403, 421, *errors}):
        told["responses"][status] = {"description": "Refused", "content": {JSON: {"schema": _schema(Problems)}}}
    if takes is not None:
        content: dict[str, Any] = {"schema": _schema(takes)}
        if example is not None:
            content["example"] = msgspec.to_builtins(example, enc_hook=str)
        told["openapi_extra"] = {"requestBody": {"required": True, "content": {JSON: content}}}
    return told


def _schema(kind: Any) -> dict[str, Any]:
    _described.add(kind)
    (schema,), _ = msgspec.json.schema_components([kind], ref_template=REF)
    return schema


def components() -> dict[str, Any]:
    """Return the schemas of everything described so far."""
    _, found = msgspec.json.schema_components(sorted(_described, key=str), ref_template=REF)
    return found
