"""A running server, looked at from outside: what it listens to, what it says, what it logs, whom it asks."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
import uvicorn
from starlette.testclient import TestClient

from soleus.app.web import body, connection
from soleus.app.web.application import make_app
from soleus.app.web.connection import CarefulConnection
from soleus.app.web.guard import HEADERS
from soleus.app.web.house import House
from soleus.app.web.server import HOST_NAME, free_socket, home_addresses, kept_secret
from soleus.diary import back_up, open_diary

MARKER = "MARKERWORD"
WATCHER = """
import os, socket
def watched(name):
    real = getattr(socket.socket, name)
    def guarded(self, *arguments):
        to = arguments[-1]
        if self.family in (socket.AF_INET, socket.AF_INET6) and not str(to[0]).startswith("127."):
            with open(os.environ["WATCHED"], "a") as file:
                file.write(f"{name} {to}\\n")
        return real(self, *arguments)
    setattr(socket.socket, name, guarded)
for name in ("connect", "connect_ex", "sendto"):
    watched(name)
real_lookup = socket.getaddrinfo
def lookup(host, *arguments, **named):
    if host not in (None, "", "localhost", "127.0.0.1", "0.0.0.0"):
        with open(os.environ["WATCHED"], "a") as file:
            file.write(f"looked up {host}\\n")
    return real_lookup(host, *arguments, **named)
socket.getaddrinfo = lookup
"""


class Running:
    """``soleus serve`` as a process, with everything it says in files."""

    def __init__(self, folder: Path, *arguments: str, environment: dict[str, str] | None = None) -> None:
        folder.mkdir(exist_ok=True)
        self.folder, self.out, self.err = folder, folder / "out.txt", folder / "err.txt"
        with socket.socket() as one:
            one.bind(("127.0.0.1", 0))
            self.port = int(one.getsockname()[1])
        command = [sys.executable, "-m", "soleus", "serve", "--no-browser", "--port", str(self.port), *arguments]
        told = {**os.environ, "SOLEUS_DATA_DIR": str(folder / "data"), **(environment or {})}
        with self.out.open("wb") as out, self.err.open("wb") as err:
            self.process = subprocess.Popen(command, env=told, stdout=out, stderr=err)
        for _ in range(600):
            try:
                self.ask("/api/session")
                return
            except OSError:
                assert self.process.poll() is None, self.err.read_text()
                time.sleep(0.05)
        raise AssertionError("it did not start")

    def ask(self, path: str, body: object = None, method: str | None = None) -> tuple[int, bytes, dict[str, str]]:
        data = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data, method=method)
        if data is not None:
            request.add_header("content-type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, answer.read(), dict(answer.headers)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read(), dict(error.headers)

    def raw(self, request: bytes) -> bytes:
        """Send bytes as they are and return what comes back until the line is closed."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as line:
            line.sendall(request)
            received = b""
            while block := line.recv(1 << 16):
                received += block
        return received

    def said(self) -> str:
        return self.out.read_text() + self.err.read_text()

    def stop(self, how: int = 15) -> int:
        self.process.send_signal(how)
        return self.process.wait(timeout=20)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server as most people start it, in an environment that would send traces elsewhere, and watched for that."""
    folder = tmp_path_factory.mktemp("serve")
    (folder / "watch").mkdir()
    (folder / "watch" / "sitecustomize.py").write_text(WATCHER)
    (folder / "watched.txt").touch()
    environment = {
        "PYTHONPATH": str(folder / "watch"),
        "WATCHED": str(folder / "watched.txt"),
        "FASTAPI_OTEL_AUTO_CONFIGURE": "true",
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://192.0.2.1:4318",
        "http_proxy": "http://192.0.2.1:3128",
        "no_proxy": "127.0.0.1",
    }
    made = Running(folder, environment=environment)
    yield made
    made.stop()


# --- what it listens to -----------------------------------------------------------------------------------------------


def listening_of(pid: int) -> set[tuple[str, int]]:
    """Return the addresses at which a process waits for calls or datagrams, as the kernel of Linux tells them."""
    inodes = set()
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        try:
            found = re.fullmatch(r"socket:\[(\d+)\]", os.readlink(entry))
        except FileNotFoundError:
            continue
        if found:
            inodes.add(found[1])
    heard = set()
    for table in ("tcp", "tcp6", "udp", "udp6", "raw", "raw6"):
        path = Path(f"/proc/{pid}/net/{table}")
        for line in path.read_text().splitlines()[1:] if path.exists() else ():
            words = line.split()
            if words[9] in inodes and (words[3] == "0A" or not table.startswith("tcp")):
                address, port = words[1].split(":")
                shown = socket.inet_ntoa(bytes.fromhex(address)[::-1]) if len(address) == 8 else f"six {address}"
                heard.add((shown, int(port, 16)))
    return heard


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_nothing_listens_beyond_this_computer_unless_it_is_asked_for(running: Running, tmp_path: Path) -> None:
    assert listening_of(running.process.pid) == {("127.0.0.1", running.port)}
    home = Running(tmp_path / "home", "--lan")
    try:
        assert listening_of(home.process.pid) == {("0.0.0.0", home.port)}
    finally:
        home.stop()


def test_every_other_address_of_this_computer_turns_the_caller_away(running: Running) -> None:
    for address in (*home_addresses(), "127.0.0.2"):
        with socket.socket() as line:
            line.settimeout(2)
            code = connect_anyway(line, (address, running.port))
        assert code != 0, address


def connect_anyway(line: socket.socket, address: tuple[str, int]) -> int:
    """Connect to an address of this computer that the guard of the suite does not know as such."""
    import _socket

    return int(_socket.socket.connect_ex(line, address))


def test_it_asks_nobody_and_looks_nothing_up(running: Running) -> None:
    for path in (
        "/",
        "/night",
        "/morning",
        "/diary",
        "/why",
        "/helps",
        "/report",
        "/settings",
        "/api/docs",
        "/api/report.pdf",
    ):
        assert running.ask(path)[0] in (200, 303, 404), path
    watched = (running.folder / "watched.txt").read_text()
    assert watched == ""


def test_the_watcher_would_have_seen_it(running: Running, tmp_path: Path) -> None:
    code = "import socket; s = socket.socket(); s.settimeout(0.1); s.connect_ex(('192.0.2.1', 9))"
    environment = {**os.environ, "PYTHONPATH": str(running.folder / "watch"), "WATCHED": str(tmp_path / "seen.txt")}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)
    assert "192.0.2.1" in (tmp_path / "seen.txt").read_text()


def test_the_suite_itself_can_reach_no_other_computer() -> None:
    for family, address in ((socket.AF_INET, ("192.0.2.1", 9)), (socket.AF_INET6, ("2001:db8::1", 9, 0, 0))):
        with socket.socket(family) as line, pytest.raises(AssertionError, match="was tried"):
            line.connect(address)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line, pytest.raises(AssertionError, match="was tried"):
        line.sendto(b"x", ("example.org", 53))


# --- what it says -----------------------------------------------------------------------------------------------------


def test_no_word_of_the_person_is_logged_under_load_and_in_a_fault(running: Running) -> None:
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())

    def tap(number: int) -> int:
        cramp = {"recorded_at": now, "zone": "UTC", "night_of": now[:10], "note": f"{MARKER} {number}"}
        running.ask(f"/api/episodes/tap-{number}", cramp, "PUT")
        running.ask(f"/api/episodes/{MARKER}?{MARKER}=1")
        running.ask("/api/report", {"question": MARKER, "format": "html"})
        running.ask("/api/settings", {"theme": MARKER}, "PUT")
        running.raw(b"GET / HTTP/1.1\r\nHost: " + MARKER.encode() + b"\r\nX: " + MARKER.encode() + b"\r\n\r\n")
        return running.raw(b"NONSENSE " + MARKER.encode() + b"\r\n\r\n")[:12] == b"HTTP/1.1 400"

    with ThreadPoolExecutor(8) as many:
        assert all(many.map(tap, range(40)))
    assert MARKER.encode() in running.ask("/api/export")[1] or running.ask("/api/episodes")[0] == 200
    database = running.folder / "data" / "diary.sqlite"
    with open_diary(str(database)) as diary, diary.writing() as broken:
        broken.exec_driver_sql("DROP TABLE documents")  # now every page fails
    status, body, headers = running.ask("/settings")
    assert status == 500
    assert headers["content-security-policy"] == HEADERS["content-security-policy"]
    assert MARKER.encode() not in body
    said = running.said()
    assert "fault: " in said
    assert MARKER not in said
    with open_diary(str(database)) as diary, diary.writing() as mended:
        mended.exec_driver_sql("CREATE TABLE documents (name TEXT PRIMARY KEY, content TEXT, changed_at BIGINT)")


def test_it_says_where_it_is_and_ends_quietly(tmp_path: Path) -> None:
    once = Running(tmp_path, "--lan", "--name", "me.example.net")
    assert once.stop(2) == 0
    assert once.err.read_text() == ""
    said = once.out.read_text()
    assert f"http://127.0.0.1:{once.port}/" in said
    assert str(tmp_path / "data") in said
    assert "https://me.example.net/" in said
    assert re.search(r"PIN: \d{4} \d{4}", said)


def start(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "soleus", "serve", "--no-browser", *arguments]
    environment = {**os.environ, "SOLEUS_DATA_DIR": str(folder)}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


def test_a_taken_port_a_bad_port_and_a_bad_name_are_told(running: Running, tmp_path: Path) -> None:
    taken = start(tmp_path, "--port", str(running.port))
    assert taken.returncode == 2
    assert f"port {running.port} is taken" in taken.stderr
    assert "--port" in taken.stderr
    assert start(tmp_path, "--port", "70000").returncode == 2
    named = start(tmp_path, "--name", "http://evil/")
    assert (named.returncode, "--name" in named.stderr) == (2, True)
    for told in (taken, named):
        assert "Traceback" not in told.stderr


def test_a_damaged_diary_names_the_backup_that_can_be_restored(tmp_path: Path) -> None:
    from datetime import UTC, datetime

    with open_diary(str(tmp_path / "diary.sqlite")) as diary:
        backup = back_up(diary, now=datetime.now(UTC))
    (tmp_path / "diary.sqlite").write_bytes(b"x" * 5000)
    told = start(tmp_path)
    assert told.returncode == 2
    assert f"soleus restore {backup}" in told.stderr
    assert "Traceback" not in told.stderr


def test_the_next_free_port_is_taken_and_names_are_checked(tmp_path: Path) -> None:
    with free_socket("127.0.0.1", None) as first, free_socket("127.0.0.1", None) as second:
        assert first.getsockname()[1] != second.getsockname()[1]
    assert kept_secret(tmp_path) == kept_secret(tmp_path)
    assert (tmp_path / "pages.secret").stat().st_mode & 0o077 == 0
    for good in ("me.example.net", "me.tail1234.ts.net", "box", "box.local:8443"):
        assert HOST_NAME.fullmatch(good), good
    for bad in ("", "http://x", "a b", "-x", "x/", "x\n", "*", "192.168.1.5", "192.168.1.5:80"):
        assert not HOST_NAME.fullmatch(bad), bad


# --- what a line may do -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("request_line", "status"),
    [
        (b"GET /static/../guard.py HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", b"404"),
        (b"GET /static/%2e%2e%2f%2e%2e%2fguard.py HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", b"404"),
        (b"GET /static/..%5cguard.py HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", b"404"),
        (b"GET //evil.example/ HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", b"404"),
        (b"GET /settings/../api/audit HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", b"404"),
        (b"GET http://evil.example/ HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n", b"421"),
        (b"GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n", b"421"),
        (b"GET / HTTP/1.0\r\n\r\n", b"421"),
        (b"GET / HTTP/1.1\r\nHost: {}\r\nHost: evil.example\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nHost: {}\r\nX: a\0b\r\n\r\n", b"400"),
        (b"GET /\0 HTTP/1.1\r\nHost: {}\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nHost: {}\r\nX: " + b"a" * 40_000 + b"\r\nConnection: close\r\n\r\n", b"431"),
        (b"POST /api/check HTTP/1.1\r\nHost: {}\r\nContent-Length: -1\r\n\r\n", b"400"),
        (b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", b"400"),
        (b"PUT /api/settings HTTP/1.1\r\nHost: {}\r\nContent-Length: 99999999999\r\nConnection: close\r\n\r\n", b"413"),
    ],
)
def test_what_is_no_proper_request_is_refused_with_all_headers(
    running: Running, request_line: bytes, status: bytes
) -> None:
    answer = running.raw(request_line.replace(b"{}", f"127.0.0.1:{running.port}".encode()))
    head, _, body = answer.partition(b"\r\n\r\n")
    if answer or status != b"400":  # a line that speaks something else may simply be closed
        assert head.split()[1] in (status, b"400"), head[:200]
        lines = head.decode().lower().split("\r\n")
        for name, value in HEADERS.items():
            assert f"{name}: {value}".lower() in lines
        assert "cache-control: no-store" in lines
    assert b"def " not in body


@pytest.fixture
def inside(house: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, int]]:
    """A server in a thread, with little patience."""
    monkeypatch.setattr(connection, "HEAD_S", 0.3)
    monkeypatch.setattr(body, "BODY_S", 0.3)
    listening = free_socket("127.0.0.1", 0)
    address: tuple[str, int] = listening.getsockname()
    object.__setattr__(house, "hosts", frozenset({f"127.0.0.1:{address[1]}"}))
    config = uvicorn.Config(make_app(house), http=CarefulConnection, ws="none", log_config=None, access_log=False)
    server = uvicorn.Server(config)
    server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign]
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([listening])))
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield address
    server.should_exit = True
    thread.join()
    listening.close()


def until_closed(line: socket.socket) -> bytes:
    received = b""
    while block := line.recv(1 << 16):
        received += block
    return received


def test_nobody_holds_a_line_without_saying_anything(inside: tuple[str, int]) -> None:
    for said in (b"", b"GET / HTTP/1.1\r\nHost: "):
        with socket.create_connection(inside, timeout=5) as line:
            line.sendall(said)
            began = time.monotonic()
            with contextlib.suppress(ConnectionResetError):
                assert until_closed(line) == b""
            assert time.monotonic() - began < 3


def test_a_body_that_does_not_come_is_given_up(inside: tuple[str, int], house: House) -> None:
    host = f"{inside[0]}:{inside[1]}".encode()
    head = b"PUT /api/settings HTTP/1.1\r\nHost: " + host + b"\r\nContent-Type: application/json\r\n"
    with socket.create_connection(inside, timeout=5) as line:
        line.sendall(head + b"Content-Length: 100\r\n\r\n{")
        answer = until_closed(line)
    assert b" 408 " in answer[:20]
    assert b"too_slow" in answer


def test_strangers_cannot_take_all_lines(inside: tuple[str, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "MOST_FROM_AFAR", 3)
    monkeypatch.setattr(connection, "HEAD_S", 5.0)
    monkeypatch.setattr(connection, "is_near", lambda peer: False)
    lines = [socket.create_connection(inside, timeout=0.5) for _ in range(6)]
    time.sleep(0.2)
    closed = 0
    for line in lines:
        try:
            closed += line.recv(1) == b""
        except ConnectionResetError:
            closed += 1
        except TimeoutError:
            pass
        line.close()
    assert closed == 3


# --- what a page loads ------------------------------------------------------------------------------------------------


class Seen(HTMLParser):
    """What a page loads, sends to and leads to, and what a strict policy would forbid it."""

    def __init__(self) -> None:
        super().__init__()
        self.loads: set[str] = set()
        self.leads: set[str] = set()
        self.forbidden: list[str] = []
        self._inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside = tag
        for name, value in attrs:
            told = value or ""
            if name.startswith("on") or name in ("style", "srcdoc", "ping") or told.startswith("javascript:"):
                self.forbidden.append(f"<{tag} {name}>")
            if (
                name in ("src", "action", "formaction", "poster", "data", "srcset")
                or (name in ("href", "xlink:href") and tag not in ("a", "area"))
                or name.startswith(("hx-get", "hx-post", "hx-put", "hx-delete"))
            ):
                self.loads.add(told)
            elif name == "href":
                self.leads.add(told)
        if tag == "style" or (tag == "script" and not any(name == "src" for name, _ in attrs)):
            self.forbidden.append(f"<{tag}>")

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""


def test_no_page_loads_anything_from_elsewhere_or_inline(ask: Callable[..., TestClient]) -> None:
    client, todo, seen = (
        ask(),
        ["/", "/night", "/settings", "/settings/erase", "/settings/audit", "/report"],
        set[str](),
    )
    home = "http://127.0.0.1:7653/"
    while todo and len(seen) < 150:
        path = todo.pop(0)  # what is nearest first: the evidence has more pages than are looked at here
        if path in seen:
            continue
        seen.add(path)
        answer = client.get(path)
        assert answer.status_code < 500, path
        if answer.headers.get("content-type", "").partition(";")[0] not in ("text/html", "text/css", "text/javascript"):
            continue
        for told in re.findall(r"url\(([^)]*)\)|@import", answer.text):
            assert not re.match(r"['\"]?(https?:)?//", told), (path, told)
        if "html" not in answer.headers["content-type"]:
            continue
        page = Seen()
        page.feed(answer.text)
        assert page.forbidden == [], path
        for address in page.loads:
            assert urlsplit(urljoin(home, address)).netloc == "127.0.0.1:7653" or address.startswith("data:image/"), (
                path,
                address,
            )
        for address in page.leads:  # a source may be looked up elsewhere by who follows the link
            parts = urlsplit(urljoin(home + path.lstrip("/"), address))
            assert parts.scheme in ("http", "https", "tel", "mailto"), (path, address)
            assert parts.scheme != "http" or parts.netloc == "127.0.0.1:7653", (path, address)
            if parts.netloc == "127.0.0.1:7653":
                todo.append(parts.path + (f"?{parts.query}" if parts.query else ""))
    assert {"/settings", "/report", "/api/docs"} <= seen


def test_the_crawler_would_notice() -> None:
    page = Seen()
    page.feed(
        '<img src="https://evil.example/a.png" onerror="x()"><p style="color:red"><script>1</script><style></style>'
    )
    assert page.loads == {"https://evil.example/a.png"}
    assert page.forbidden == ["<img onerror>", "<p style>", "<script>", "<style>"]


# --- how soon ---------------------------------------------------------------------------------------------------------


@pytest.mark.long
def test_the_first_page_is_there_within_two_seconds(tmp_path: Path) -> None:
    best = 99.0
    for number in range(3):
        began = time.monotonic()
        once = Running(tmp_path / str(number))
        assert once.ask("/")[0] == 200
        best = min(best, time.monotonic() - began)
        once.stop()
    assert best < 2
