"""Phones at home: nobody is let in without a PIN, and nobody stays who was shut out."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from soleus.app.web.access import (
    PIN_S,
    WINDOW_S,
    WRONG_ALL,
    WRONG_EACH,
    Access,
    is_near,
    only_here,
)
from soleus.app.web.guard import OPEN_TO_ALL
from soleus.app.web.house import House
from soleus.app.web.wire import Refused
from soleus.core.record import Episode
from soleus.diary import check_audit, list_audit, list_devices

Ask = Callable[..., TestClient]
PHONE, HOME, ABROAD = "192.168.1.20", "192.168.1.5:7653", "me.example.net"
MARKER = "MARKERWORD"


def link(client: TestClient, house: House, name: str = "Ada's phone") -> None:
    """Link a client as a person would: look at the page, type the PIN."""
    pin = house.access.renew().digits
    page = client.get("/")
    assert page.status_code == 401
    csrf = re.search(r'name="csrf" value="(\w+)"', page.text)
    assert csrf is not None
    answer = client.post("/link", data={"csrf": csrf[1], "pin": pin, "name": name})
    assert answer.status_code == 303, answer.text


@pytest.fixture
def phone(ask: Ask, house: House) -> TestClient:
    """A linked phone at home."""
    client = ask(PHONE, HOME)
    link(client, house)
    return client


def token_of(client: TestClient) -> str:
    return str(client.get("/api/session").json()["csrf"])


def every_route(ask: Ask) -> list[tuple[str, str, Any]]:
    """Return method, address and route of everything the application answers."""
    found = []
    for route in ask().app.state.own_routes:  # type: ignore[attr-defined]
        path = re.sub(r"\{[^}]*\}", "x", route.path)
        found += [(method, path, route) for method in sorted(route.methods - {"HEAD"})]
    return found


def only_for_this_computer(route: Any) -> bool:
    return any(one.dependency is only_here for one in getattr(route, "dependencies", ()))


# --- every route for every role ---------------------------------------------------------------------------------------


def test_every_route_is_open_to_nobody_but_those_it_is_meant_for(ask: Ask, phone: TestClient) -> None:
    stranger, header = ask(PHONE, HOME), {"x-csrf-token": token_of(phone)}
    routes = every_route(ask)
    assert len(routes) > 40
    closed = []
    for method, path, route in routes:
        public = (method, path) in OPEN_TO_ALL or path.startswith("/static/")
        seen = stranger.request(method, path)
        assert (seen.status_code == 401) != public, (method, path, seen.status_code)
        if public or path in ("/unlink", "/api/unlink"):
            continue
        linked = phone.request(method, path, headers=header)
        if only_for_this_computer(route):
            closed.append(f"{method} {path}")
            assert linked.status_code == 403, (method, path, linked.status_code)
            assert "computer that Soleus runs on" in linked.text
        else:
            assert linked.status_code not in (401, 403), (method, path, linked.text)
    assert sorted(closed) == [
        "DELETE /api/devices/x",
        "GET /api/audit",
        "GET /api/devices",
        "GET /settings/audit",
        "GET /settings/erase",
        "GET /settings/erased",
        "POST /api/erase",
        "POST /api/pin",
        "POST /settings/devices/x/remove",
        "POST /settings/erase",
        "POST /settings/pin",
    ]


def test_this_computer_needs_no_link_for_anything(ask: Ask) -> None:
    here = ask()
    for method, path, _ in every_route(ask):
        if method == "GET":
            assert here.get(path).status_code not in (401, 403), path


# --- where a request comes from ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("peer", "host", "headers", "status"),
    [
        ("127.0.0.1", "127.0.0.1:7653", {}, 200),
        ("127.0.0.1", "localhost:7653", {}, 200),
        ("::1", "localhost:7653", {}, 200),
        (PHONE, HOME, {}, 401),
        (PHONE, "127.0.0.1:7653", {}, 421),  # says that it is this computer, and is not
        (PHONE, "localhost:7653", {}, 421),
        (PHONE, "evil.example:7653", {}, 421),
        (PHONE, "192.168.1.6:7653", {}, 421),
        (PHONE, "192.168.1.5", {}, 421),
        ("192.168.1.5", HOME, {}, 401),  # this computer by its address at home: as any other
        ("127.0.0.1", ABROAD, {}, 401),  # a proxy with HTTPS on this computer
        ("127.0.0.1", ABROAD, {"x-forwarded-for": "127.0.0.1", "x-forwarded-proto": "https"}, 401),
        ("127.0.0.1", "127.0.0.1:7653", {"x-forwarded-for": "203.0.113.9"}, 421),  # through a proxy, under our own name
        ("127.0.0.1", "127.0.0.1:7653", {"forwarded": "for=203.0.113.9"}, 421),
        ("127.0.0.1", "127.0.0.1:7653", {"x-forwarded-host": ABROAD}, 421),
        (PHONE, HOME, {"x-forwarded-for": "127.0.0.1"}, 401),
        (PHONE, HOME, {"x-forwarded-host": "127.0.0.1:7653"}, 401),
    ],
)
def test_only_what_really_comes_from_this_computer_is_let_in(
    ask: Ask, peer: str, host: str, headers: dict[str, str], status: int
) -> None:
    client = ask(peer, HOME if peer != "127.0.0.1" else "127.0.0.1:7653")
    assert client.get("/settings", headers={**headers, "host": host}).status_code == status


@given(st.ip_addresses())
def test_an_address_is_near_only_when_it_is_a_loopback_address(address: Any) -> None:
    mapped = getattr(address, "ipv4_mapped", None)
    assert is_near(str(address)) == (mapped or address).is_loopback


def test_a_stranger_sees_nothing_of_the_person(ask: Ask, house: House) -> None:
    at = house.now()
    cramp = Episode(id="a", recorded_at=at, zone="UTC", night_of=(at - timedelta(days=1)).date(), note=MARKER)
    house.diary.add([cramp], now=at)
    page = ask(PHONE, HOME).get("/")
    assert page.status_code == 401
    assert MARKER not in page.text
    assert house.access.renew().digits not in ask(PHONE, HOME).get("/").text
    assert "/diary" not in page.text  # not even what there would be to see
    told = ask(PHONE, HOME).get("/api/episodes")
    assert told.json()["problems"][0]["code"] == "not_linked"
    assert ask(PHONE, HOME).get("/diary", headers={"hx-request": "true"}).headers["hx-redirect"] == "/link"


# --- linking ----------------------------------------------------------------------------------------------------------


def test_a_phone_is_linked_by_the_pin_and_shut_out_at_once(phone: TestClient, house: House, here: TestClient) -> None:
    assert phone.get("/settings").status_code == 200
    (device,) = list_devices(house.diary)
    assert device.name == "Ada's phone"
    shown = here.get("/settings").text
    assert "Ada&#39;s phone" in shown
    assert here.post(f"/settings/devices/{device.id}/remove", data={"csrf": token_of(here)}).status_code == 303
    assert phone.get("/settings").status_code == 401
    assert phone.get("/api/settings").status_code == 401
    assert "Ada&#39;s phone" not in here.get("/settings").text


def test_a_phone_can_end_its_own_link(phone: TestClient, house: House) -> None:
    assert phone.post("/unlink", data={"csrf": token_of(phone)}).headers["location"] == "/link"
    assert phone.get("/settings").status_code == 401
    assert list_devices(house.diary)[0].revoked_at is not None


def test_a_device_not_used_for_a_season_is_shut_out(ask: Ask, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    client = ask(PHONE, HOME)
    link(client, house)
    object.__setattr__(house, "now", lambda: datetime.now(UTC) + timedelta(days=91))
    assert client.get("/settings").status_code == 401


def test_what_was_planted_in_a_browser_before_the_link_opens_nothing_after_it(ask: Ask, house: House) -> None:
    client = ask(PHONE, HOME)
    planted = {"soleus_device": "A" * 43, "soleus_browser": "B" * 43}
    header = {"cookie": "; ".join(f"{name}={value}" for name, value in planted.items())}
    csrf = client.get("/api/session", headers=header).json()["csrf"]
    data = {"csrf": csrf, "pin": house.access.renew().digits, "name": "x"}
    answer = client.post("/link", data=data, headers=header)
    assert answer.status_code == 303
    given = dict(re.findall(r"(soleus_\w+)=([^;]+)", ", ".join(answer.headers.get_list("set-cookie"))))
    assert set(given) == set(planted)
    assert all(given[name] != planted[name] for name in planted)
    header = {"cookie": "; ".join(f"{name}={value}" for name, value in given.items())}
    assert ask(PHONE, HOME).get("/settings", headers=header).status_code == 200
    old = ask(PHONE, HOME).post("/settings", data={"csrf": csrf}, headers=header)  # with the token of before
    assert old.status_code == 403
    for token in ("A" * 43, "", "x", "0" * 64, given["soleus_device"][:-1]):
        assert ask(PHONE, HOME).get("/settings", headers={"cookie": f"soleus_device={token}"}).status_code == 401


def test_linking_again_ends_the_link_before(phone: TestClient, house: House) -> None:
    pin = house.access.renew().digits
    data = {"csrf": token_of(phone), "pin": pin, "name": "again"}
    assert phone.post("/link", data=data).status_code == 303
    first, second = sorted(list_devices(house.diary), key=lambda one: one.name)
    assert (first.revoked_at is None, second.revoked_at is None) == (False, True)


@pytest.mark.parametrize(("host", "proto", "secure"), [(HOME, "", False), (ABROAD, "https", True), (ABROAD, "", False)])
def test_the_token_is_kept_from_scripts_and_goes_by_https_alone_where_there_is_https(
    ask: Ask, house: House, host: str, proto: str, secure: bool
) -> None:
    client = ask(PHONE if host == HOME else "127.0.0.1", host, "https" if secure else "http")
    headers = {"x-forwarded-proto": proto} if proto else {}
    told = {"pin": house.access.renew().digits, "name": "x"}
    answer = client.post("/api/link", json=told, headers=headers)
    assert answer.status_code == 200, answer.text
    for cookie in answer.headers.get_list("set-cookie"):
        words = set(cookie.split("; "))
        assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= words
        assert ("Secure" in words) == secure


def test_a_pin_links_one_device_and_spaces_do_not_matter(ask: Ask, house: House) -> None:
    pin = house.access.renew().digits
    told = {"pin": f" {pin[:4]} {pin[4:]}", "name": "one"}
    assert ask(PHONE, HOME).post("/api/link", json=told).status_code == 200
    assert ask("192.168.1.21", HOME).post("/api/link", json=told).status_code == 403
    assert len(list_devices(house.diary)) == 1


def test_a_pin_is_void_after_ten_minutes_and_after_a_new_one() -> None:
    clock = [0.0]
    access = Access(clock=lambda: clock[0])
    old = access.renew().digits
    clock[0] = PIN_S
    assert access.pin() is None
    with pytest.raises(Refused):
        access.use(old, PHONE)
    first, second = access.renew().digits, access.renew().digits
    if first != second:
        with pytest.raises(Refused):
            access.use(first, PHONE)
    access.use(second, PHONE)


def test_no_pin_is_valid_before_there_is_one() -> None:
    for told in ("", "no PIN", "noPIN", "00000000"):
        with pytest.raises(Refused) as refused:
            Access().use(told, PHONE)
        assert refused.value.status == 403


def test_guessing_is_slowed_down_for_each_and_for_all() -> None:
    clock = [0.0]
    access = Access(clock=lambda: clock[0])
    right = access.renew().digits

    def status(told: str, source: str) -> int:
        try:
            access.use(told, source)
        except Refused as refused:
            return refused.status
        return 200

    assert [status("wrong", "a") for _ in range(WRONG_EACH + 2)] == [403] * WRONG_EACH + [429] * 2
    assert status(right, "a") == 429  # the right one tells nothing either
    assert status("wrong", "b") == 403
    for source in "bcde":
        while status("wrong", source) == 403:
            pass
    assert len(access._wrong) == WRONG_ALL
    assert status(right, "new") == 429
    clock[0] = WINDOW_S + 1
    fresh = access.renew().digits
    assert status(fresh, "a") == 200


def test_who_sits_at_the_computer_is_not_locked_out(ask: Ask, house: House, here: TestClient) -> None:
    for number in range(30):
        ask(f"192.168.1.{100 + number % 10}", HOME).post("/api/link", json={"pin": "0", "name": "x"})
    told = ask(PHONE, HOME).post("/api/link", json={"pin": "0"})
    assert told.status_code == 429
    assert int(told.headers["retry-after"]) > 0
    assert here.get("/settings").status_code == 200
    assert here.post("/settings/pin", data={"csrf": token_of(here)}).status_code == 303
    pin = house.access.pin()
    assert pin is not None
    assert ask(PHONE, HOME).post("/api/link", json={"pin": pin.digits}).status_code == 200


def test_the_pin_is_shown_here_and_not_on_a_phone(phone: TestClient, house: House, here: TestClient) -> None:
    digits = house.access.renew().digits
    shown = f"{digits[:4]} {digits[4:]}"
    assert shown in here.get("/settings").text
    assert digits[4:] not in phone.get("/settings").text
    assert "<svg" in here.get("/settings").text


# --- the audit --------------------------------------------------------------------------------------------------------


def test_what_came_over_the_network_is_noted_and_nothing_of_what_it_said(
    ask: Ask, phone: TestClient, house: House, here: TestClient
) -> None:
    phone.get(f"/api/settings?note={MARKER}")
    phone.put("/api/settings", json={"theme": "dark"}, headers={"x-csrf-token": token_of(phone)})
    phone.get(f"/nowhere/{MARKER}")
    phone.get(f"/settings/devices/{MARKER}/remove")
    ask(PHONE, HOME).get(f"/api/episodes/{MARKER}")
    ask(PHONE, f"{MARKER}.example").get("/")
    here.get("/settings")
    house.auditor.flush()
    device = list_devices(house.diary)[0].id
    rows = [(one.who, one.source, one.action, one.resource, one.status) for one in list_audit(house.diary)][::-1]
    assert rows[1] == (device, PHONE, "link", "/link", 303)
    assert (device, PHONE, "read", "/api/settings", 200) in rows
    assert (device, PHONE, "write", "/api/settings", 200) in rows
    assert (device, PHONE, "read", "(no such address)", 404) in rows
    assert ("not linked", PHONE, "refused", "/api/episodes/{id}", 401) in rows
    assert ("not linked", PHONE, "refused", "/", 421) in rows
    assert not any(MARKER.lower() in str(row).lower() for row in rows)
    assert "127.0.0.1" not in str(rows)  # what this computer does itself is not noted
    assert check_audit(house.diary) is None
    assert "Ada&#39;s phone" in here.get("/settings/audit").text
    assert len(here.get("/api/audit?limit=2").json()) == 2


def test_a_flood_of_refused_calls_does_not_fill_the_disk(ask: Ask, house: House) -> None:
    stranger = ask(PHONE, HOME)
    for _ in range(150):
        stranger.get("/api/settings")
    house.auditor.flush()
    assert len(list_audit(house.diary, 1000)) == 60
