"""Who may ask, from where, and what a browser may do with the answer: every layer of it, attacked."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from soleus.app.web.guard import CSRF_COOKIE, HEADERS, MOST_FORM_BYTES
from soleus.app.web.house import House
from soleus.app.web.wire import MOST_BYTES
from soleus.diary.errors import damaged

Ask = Callable[..., TestClient]
FORM = {"content-type": "application/x-www-form-urlencoded"}
CHANGES = [
    ("POST", "/settings"),
    ("POST", "/settings/backup"),
    ("POST", "/settings/erase"),
    ("POST", "/api/backups"),
    ("PUT", "/api/settings"),
    ("DELETE", "/api/devices/1"),
    ("POST", "/link"),
]


def token_of(client: TestClient) -> str:
    return str(client.get("/api/session").json()["csrf"])


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/settings", 200),
        ("GET", "/api/settings", 200),
        ("GET", "/static/style.css", 200),
        ("GET", "/static/missing.css", 404),
        ("GET", "/nowhere", 404),
        ("GET", "/api/nowhere", 404),
        ("PATCH", "/settings", 405),
        ("HEAD", "/settings", 405),
        ("OPTIONS", "/api/settings", 405),
        ("PUT", "/api/settings", 415),
        ("GET", "/api/audit?limit=0", 422),
        ("POST", "/settings/backup", 303),
        ("GET", "/settings/", 404),
    ],
)
def test_every_answer_tells_the_browser_what_it_may_do(here: TestClient, method: str, path: str, status: int) -> None:
    answer = here.request(method, path)
    assert answer.status_code == status
    for name, value in HEADERS.items():
        assert answer.headers[name] == value
    assert answer.headers["cache-control"] == ("no-cache" if path == "/static/style.css" else "no-store")
    assert "server" not in answer.headers


def test_the_policy_allows_nothing_inline_and_nothing_from_elsewhere() -> None:
    policy = HEADERS["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert "frame-ancestors 'none'" in policy


def test_a_fault_is_told_with_the_same_headers_and_without_its_words(
    here: TestClient, house: House, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def break_down(*_: object, **__: object) -> None:
        raise RuntimeError("MARKERWORD pain 7")

    monkeypatch.setattr("soleus.app.web.pages_settings.backup_state", break_down)
    answer = here.get("/settings")
    assert answer.status_code == 500
    assert all(answer.headers[name] == value for name, value in HEADERS.items())
    assert answer.headers["cache-control"] == "no-store"
    said = "".join(capfd.readouterr())
    assert "RuntimeError at " in said
    assert "break_down" in said
    assert "MARKERWORD" not in said + answer.text


def test_when_even_the_settings_cannot_be_read_the_answer_is_still_guarded(
    here: TestClient, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def break_down(*_: object) -> None:
        raise OSError("MARKERWORD")

    monkeypatch.setattr("soleus.app.web.house.read_document", break_down)
    for path in ("/settings", "/nowhere", "/api/settings"):
        answer = here.get(path)
        assert answer.status_code == 500
        assert all(answer.headers[name] == value for name, value in HEADERS.items())
        assert answer.headers["cache-control"] == "no-store"
        assert "MARKERWORD" not in answer.text
    assert "MARKERWORD" not in "".join(capfd.readouterr())


def test_a_diary_damaged_while_the_server_runs_is_told_on_a_page(
    here: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(*_: object) -> None:
        raise damaged(Path("nowhere"), "malformed")

    monkeypatch.setattr("soleus.app.web.house.read_document", break_down)
    answer = here.get("/settings")
    assert answer.status_code == 503
    assert "the diary is damaged" in answer.text
    assert here.get("/api/settings").json()["problems"][0]["code"] == "damaged_diary"


# --- names: another name that points here -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:7653",
        "127.0.0.1",
        "127.0.0.1:80",
        "localhost.evil.example:7653",
        "",
        "[::1]:7653",
        "127.0.0.1:7653.evil.example",
        "0.0.0.0:7653",
    ],
)
@pytest.mark.parametrize("path", ["/", "/api/settings", "/static/style.css", "/link", "/api/session"])
def test_a_request_for_another_name_is_refused(here: TestClient, host: str, path: str) -> None:
    answer = here.get(path, headers={"host": host})
    assert answer.status_code == 421
    assert "set-cookie" not in answer.headers or "soleus_device" not in answer.headers["set-cookie"]


@pytest.mark.parametrize("host", ["127.0.0.1:7653", "localhost:7653", "LOCALHOST:7653"])
def test_our_own_names_are_answered(here: TestClient, host: str) -> None:
    assert here.get("/settings", headers={"host": host}).status_code == 200


# --- other sites ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("method", "path"), CHANGES)
@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:3000"},
        {"origin": "https://127.0.0.1:7653"},
        {"origin": "http://127.0.0.1:7653.evil.example"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "http://127.0.0.1:7653", "sec-fetch-site": "cross-site"},
    ],
)
def test_another_site_changes_nothing_even_with_the_token(
    here: TestClient, method: str, path: str, headers: dict[str, str]
) -> None:
    answer = here.request(method, path, headers={**headers, "x-csrf-token": token_of(here)})
    assert answer.status_code == 403
    told = answer.text
    assert "another site" in told


@pytest.mark.parametrize(("method", "path"), CHANGES)
@pytest.mark.parametrize(
    "kind",
    ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain", "application/json", ""],
)
def test_a_browser_without_the_token_changes_nothing(here: TestClient, method: str, path: str, kind: str) -> None:
    here.get("/api/session")
    answer = here.request(method, path, content=b"word=erase", headers={"content-type": kind})
    assert answer.status_code == 403, answer.text


@pytest.mark.parametrize("token", ["", "0" * 64, "ü", "a" * 10_000])
def test_a_wrong_token_is_refused(here: TestClient, token: str) -> None:
    here.get("/api/session")
    assert here.post("/settings/backup", data={"csrf": token}).status_code == 403
    header = {"x-csrf-token": token.encode("utf-8").decode("latin-1")}
    raw = [(name.encode(), value.encode("latin-1")) for name, value in header.items()]
    assert here.post("/settings/backup", headers=raw).status_code == 403


def test_the_token_of_another_browser_is_refused(here: TestClient, ask: Ask) -> None:
    foreign = token_of(ask())
    here.get("/api/session")
    assert here.post("/settings/backup", data={"csrf": foreign}).status_code == 403
    assert here.post("/settings/backup", data={"csrf": token_of(here)}).status_code == 303


def test_a_form_with_its_token_is_taken_by_field_or_header_also_with_a_file(here: TestClient) -> None:
    token = token_of(here)
    assert here.post("/settings", data={"csrf": token, "theme": "dark"}).status_code == 303
    assert here.get("/api/settings").json()["theme"] == "dark"
    header = {"x-csrf-token": token}
    assert here.post("/settings", data={"theme": "light"}, headers=header).status_code == 303
    answer = here.post("/settings/import", data={"csrf": token}, files={"file": ("a.zip", b"no zip")})
    assert answer.status_code == 422
    assert "bad" in answer.text


def test_a_browser_names_its_origin_so_that_a_program_without_one_needs_no_token(ask: Ask) -> None:
    program = ask()
    assert program.post("/api/check").status_code == 200
    assert program.put("/api/settings", json={"theme": "dark"}).json()["theme"] == "dark"
    fresh = ask()
    assert fresh.post("/api/check", headers={"origin": "http://127.0.0.1:7653"}).status_code == 403


@pytest.mark.parametrize(
    "trick",
    [
        {"x-http-method-override": "DELETE"},
        {"x-method-override": "PUT"},
        {"x-original-url": "/settings/erase"},
        {"x-rewrite-url": "/settings/erase"},
    ],
)
def test_the_method_and_the_address_are_what_they_are(here: TestClient, trick: dict[str, str]) -> None:
    before = here.get("/api/settings").json()
    assert here.get("/api/settings", headers=trick).json() == before
    told = {"csrf": token_of(here), "_method": "GET", "theme": "dark"}
    assert here.post("/settings?_method=GET", data=told, headers=trick).headers["location"] == "/settings?done=saved"


def test_a_picture_or_script_of_another_page_loads_nothing(here: TestClient) -> None:
    for mode in ("no-cors", "cors", "same-origin"):
        headers = {"sec-fetch-site": "cross-site", "sec-fetch-mode": mode}
        assert here.get("/settings/export", headers=headers).status_code == 403
        assert here.get("/api/settings", headers=headers).status_code == 403
    followed = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}
    assert here.get("/settings", headers=followed).status_code == 200
    assert (
        "access-control-allow-origin" not in here.get("/api/settings", headers={"origin": "http://x.example"}).headers
    )


# --- malformed, too large, too long -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b"\xff\xfe",
        b'{"theme": "pink"}',
        b'{"theme": 1e999}',
        b"[" * 100_000,
        b'{"theme":"dark\x00"}',
        b"null",
        b'{"nothing": 1}',
        b"",
    ],
)
def test_what_is_no_such_json_is_told_as_a_problem(ask: Ask, body: bytes) -> None:
    answer = ask().put("/api/settings", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 422
    (problem,) = answer.json()["problems"]
    assert problem["code"] == "not_read"
    assert problem["fix"]


def test_a_body_is_as_long_as_it_may_be_and_no_longer(ask: Ask) -> None:
    json = {"content-type": "application/json"}
    fits = b'{"theme":"dark"' + b" " * (MOST_BYTES - 16) + b"}"
    assert ask().put("/api/settings", content=fits, headers=json).status_code == 200
    for body in (fits + b" ", iter([fits, b" "])):
        answer = ask().put("/api/settings", content=body, headers=json)
        assert answer.status_code == 413
        assert answer.json()["problems"][0]["code"] == "too_long"


def test_a_long_form_is_refused_before_it_is_read(here: TestClient) -> None:
    token = token_of(here)
    assert here.post("/settings", data={"csrf": token, "theme": "x" * MOST_BYTES}).status_code == 413
    huge = {"content-length": str(MOST_FORM_BYTES + 1)}
    assert here.post("/settings/import", content=b"", headers=huge).status_code == 413
    assert here.post("/settings", content=b"", headers={"content-length": "9" * 5000}).status_code == 413


@pytest.mark.parametrize(
    "name",
    [
        "..%2fguard.py",
        "%2e%2e/guard.py",
        "....//guard.py",
        "..\\guard.py",
        "%00",
        "style.css%00.png",
        "/etc/passwd",
        "style.css/",
        "%c0%ae%c0%ae/guard.py",
        "~root",
    ],
)
def test_only_files_of_ours_are_served(here: TestClient, name: str) -> None:
    answer = here.get(f"/static/{name}")
    assert answer.status_code == 404
    assert "import" not in answer.text


@pytest.mark.parametrize(
    "path",
    [
        "/%00",
        "/settings%00",
        "/api/%ff",
        "/api/devices/%00",
        "/" + "a" * 4000,
        "/%2e%2e/",
    ],
)
def test_odd_addresses_are_answered_calmly(here: TestClient, path: str) -> None:
    answer = here.request("GET", path)
    assert answer.status_code in (404, 405)
    assert "location" not in answer.headers


@pytest.mark.parametrize(
    "cookie",
    [
        "soleus_browser=",
        "soleus_browser=x",
        'soleus_browser="\\"',
        "=;;;=",
        "soleus_browser=" + "é" * 43,
        "a" * 8000,
        "soleus_device=\xff",
        "soleus_device=" + "A" * 43,
    ],
)
def test_broken_cookies_do_no_harm(ask: Ask, cookie: str) -> None:
    answer = ask().get("/settings", headers=[(b"cookie", cookie.encode("latin-1", "replace"))])
    assert answer.status_code == 200


def test_cookies_are_out_of_reach_of_scripts_and_of_other_sites(ask: Ask) -> None:
    told = ask().get("/settings").headers["set-cookie"]
    assert told.startswith(f"{CSRF_COOKIE}=")
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(told.split("; "))
    assert re.search(r"Domain|Secure", told) is None


def test_a_websocket_is_turned_away(here: TestClient) -> None:
    from starlette.websockets import WebSocketDisconnect

    with pytest.raises(WebSocketDisconnect), here.websocket_connect("/settings"):
        pass


def test_nothing_is_sent_elsewhere_whatever_the_environment_says(here: TestClient) -> None:
    told = here.app._telemetry  # type: ignore[attr-defined]
    assert not any(told[name] for name in ("tracing", "metrics", "logs", "operation_spans", "auto_configure"))
