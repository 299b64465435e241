"""The whole API against its own description: whatever is sent, no fault, and every answer as it was described."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
import uvicorn
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable

from soleus.app.web.application import make_app
from soleus.app.web.connection import CarefulConnection
from soleus.app.web.house import House
from soleus.app.web.server import free_socket
from soleus.diary import open_diary

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of libraries that it stands on
    import schemathesis
    from schemathesis import GenerationMode, checks
    from schemathesis.specs.openapi import checks as described

FEW, MANY = 5, 100  # choice: seconds in make test, some minutes in make test-long
NO_FAULT_AND_AS_DESCRIBED = [
    checks.not_a_server_error,
    described.status_code_conformance,
    described.content_type_conformance,
    described.response_schema_conformance,
]


@schemathesis.serializer("application/zip")
def send_as_it_is(_: Any, value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Any]]:
    """A server in a thread on an empty diary, and its own description."""
    listening = free_socket("127.0.0.1", 0)
    host = "{}:{}".format(*listening.getsockname())
    with open_diary(str(tmp_path_factory.mktemp("schema") / "diary.sqlite")) as diary:
        app = make_app(House(diary=diary, hosts=frozenset({host})))
        server = uvicorn.Server(
            uvicorn.Config(app, http=CarefulConnection, ws="none", log_config=None, access_log=False)
        )
        server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign]
        thread = threading.Thread(target=lambda: asyncio.run(server.serve([listening])))
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield f"http://{host}", app.openapi()
        server.should_exit = True
        thread.join()
    listening.close()


def try_everything(address: str, description: Any, mode: GenerationMode, examples: int) -> list[str]:
    """Send what fits the description (or does not) to every call; return which calls were tried."""
    schema = schemathesis.openapi.from_dict(description)
    tried = []
    for found in schema.get_all_operations():
        operation = found.ok()
        tried.append(operation.label)

        @given(case=operation.as_strategy(generation_mode=mode))
        @settings(
            max_examples=examples,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        def send(case: Any) -> None:
            response = case.call(base_url=address, timeout=60)
            case.validate_response(response, checks=NO_FAULT_AND_AS_DESCRIBED)

        with contextlib.suppress(Unsatisfiable):  # a call without any input can't be sent anything wrong
            send()
    return tried


@pytest.mark.parametrize("mode", list(GenerationMode))
def test_no_call_fails_or_answers_otherwise_than_described(address: tuple[str, Any], mode: GenerationMode) -> None:
    assert len(try_everything(*address, mode, FEW)) > 30


@pytest.mark.long
@pytest.mark.parametrize("mode", list(GenerationMode))
def test_no_call_fails_or_answers_otherwise_than_described_in_a_long_search(
    address: tuple[str, Any], mode: GenerationMode
) -> None:
    try_everything(*address, mode, MANY)


def test_every_call_is_described_with_its_problems_and_an_example_of_its_body(address: tuple[str, Any]) -> None:
    for path, calls in address[1]["paths"].items():
        for method, call in calls.items():
            assert call["summary"], (method, path)
            for status, answer in call["responses"].items():
                if int(status) >= 400 and int(status) != 422:
                    schema = answer["content"]["application/json"]["schema"]
                    assert schema["$ref"].endswith("/Problems"), (method, path, status)
            body = call.get("requestBody", {}).get("content", {}).get("application/json")
            assert body is None or "example" in body, (method, path)
