"""A real server on a real diary, and a real browser (Chromium) to look at it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from soleus.app.web.application import make_app
from soleus.app.web.house import House
from soleus.diary import open_diary

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it would rather have httpx2; httpx does all that is needed here
    from starlette.testclient import TestClient


@dataclass
class Server:
    """``soleus serve`` as a process of its own, which can be killed and started again on the same port."""

    folder: Path
    port: int
    arguments: tuple[str, ...] = ()
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        environment = {**os.environ, "SOLEUS_DATA_DIR": str(self.folder)}
        command = [sys.executable, "-m", "soleus", "serve", "--no-browser", "--port", str(self.port), *self.arguments]
        self.process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
        for _ in range(300):
            try:
                urllib.request.urlopen(f"{self.address}/api/session", timeout=5).read()
                return
            except OSError:
                assert self.process.poll() is None, "the server ended by itself"
                time.sleep(0.05)
        raise AssertionError("the server did not answer within 15 seconds")

    def kill(self) -> None:
        """End it as a power cut would: no time to tidy up."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A running server with an empty diary."""
    made = Server(tmp_path / "data", free_port())
    made.start()
    yield made
    made.kill()


@pytest.fixture(scope="session")
def make_server() -> Callable[..., Server]:
    """Make servers on a folder of one's own; whoever starts one kills it."""
    return lambda folder, *arguments: Server(folder, free_port(), arguments)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium; a test that needs it fails when it is missing, it is not skipped."""
    path = next(
        (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
    )
    assert path is not None, "Chromium is not installed: apt-get install chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def browser_page(chromium: Browser) -> Iterator[Page]:
    """A fresh browser window of a phone; an error in a script of ours or a blocked resource fails the test."""
    context = chromium.new_context(viewport={"width": 375, "height": 700}, locale="en-GB", timezone_id="Europe/London")
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda m: wrong.append(m.text) if "Content Security Policy" in m.text else None)
    yield page
    context.close()
    assert not wrong, wrong


# --- without a port: the application itself, asked from this computer or from elsewhere -------------------------------

HERE, HOME, ABROAD = "127.0.0.1:7653", "192.168.1.5:7653", "me.example.net"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """What a server with ``--lan --name me.example.net`` stands on, with an empty diary in a file."""
    with open_diary(str(tmp_path / "house" / "diary.sqlite")) as diary:
        made = House(
            diary=diary,
            hosts=frozenset({HERE, "localhost:7653"}),
            lan_hosts=frozenset({ABROAD}),
            lan=True,
            addresses=(f"http://{HOME}/",),
            secret=b"s" * 32,
        )
        yield made
        made.auditor.flush()


@pytest.fixture
def ask(house: House) -> Callable[..., TestClient]:
    """Make clients: of this computer (default), or with ``peer`` and ``host`` of another one."""
    app = make_app(house)

    def made(peer: str = "127.0.0.1", host: str = HERE, scheme: str = "http") -> TestClient:
        client = TestClient(
            app, f"{scheme}://{host}", client=(peer, 50_000), raise_server_exceptions=False, follow_redirects=False
        )
        client.headers.pop("user-agent", None)
        return client

    return made


@pytest.fixture
def here(ask: Callable[..., TestClient]) -> TestClient:
    """A browser on this computer."""
    return ask()
