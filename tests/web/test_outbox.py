"""No tap is lost: the server is killed and comes back, at any moment, and the page and the browser are closed."""

from __future__ import annotations

import json
import random
import threading
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.web.conftest import Server

from soleus.core.record import Episode
from soleus.diary import open_diary

WAIT_MS = 40_000  # the outbox tries again after 15 seconds at the latest; a busy machine starts the server in 10
TAPS_A_ROUND = 5
PLAIN_HTTP = """for (const name of ["locks", "serviceWorker", "wakeLock"])
  Object.defineProperty(Navigator.prototype, name, { get: () => undefined });
Object.defineProperty(window, "isSecureContext", { get: () => false });
Crypto.prototype.randomUUID = undefined; Object.defineProperty(Crypto.prototype, "subtle", { get: () => undefined });"""
# what a phone finds missing that opens http://name-of-the-computer:7653 at home


def cramps(server: Server) -> list[Episode]:
    """Return what is in the diary, read from its file, whether or not the server runs."""
    with open_diary(str(server.folder / "diary.sqlite")) as diary:
        return diary.episodes()


def open_night(page: Page, server: Server) -> Page:
    page.goto(f"{server.address}/night")
    page.wait_for_selector("html[data-ready]", state="attached")
    return page


def tap(page: Page, leg: str = "Left leg") -> None:
    page.get_by_role("button", name=leg).click()


def another(page: Page) -> None:
    page.get_by_role("link", name="Another cramp").locator("visible=true").click()


def state(page: Page, words: str) -> None:
    expect(page.get_by_role("status")).to_have_text(words, timeout=WAIT_MS)


def waiting(page: Page) -> int:
    """Return how many operations are still only on the phone."""
    found: int = page.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('soleus.operation.')).length")
    return found


def all_sent(page: Page) -> None:
    for _ in range(WAIT_MS // 100):
        if waiting(page) == 0:
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"{waiting(page)} operations are still on the phone")


def refuse_all(page: Page, status: int, code: str) -> None:
    problem = {"code": code, "level": "error", "where": "x", "what": "it was refused", "why": "", "fix": ""}
    page.route("**/api/**", lambda route: route.fulfill(status=status, json={"problems": [problem]}))


def test_three_cramps_in_a_night_in_which_the_server_dies_twice(browser_page: Page, server: Server) -> None:
    page = open_night(browser_page, server)
    tap(page)
    state(page, "In your diary")
    page.get_by_role("button", name="It has let go").click()
    state(page, "In your diary")
    server.kill()
    another(page)
    tap(page, "Right leg")
    state(page, "On this phone")
    page.get_by_role("button", name="It has let go").click()
    state(page, "On this phone")
    server.start()
    state(page, "In your diary")
    server.kill()
    another(page)
    tap(page)
    state(page, "On this phone")
    server.start()
    state(page, "In your diary")
    assert [(one.leg, one.duration_s is not None) for one in cramps(server)] == [
        ("left", True),
        ("right", True),
        ("left", False),
    ]


def test_a_reload_while_the_server_is_down_keeps_the_tap(browser_page: Page, server: Server) -> None:
    page = open_night(browser_page, server)
    page.evaluate("navigator.serviceWorker.ready.then(() => 1)")
    server.kill()
    tap(page)
    state(page, "On this phone")
    page.reload()
    state(page, "On this phone")
    expect(page.get_by_role("button", name="It has let go")).to_be_visible()
    server.start()
    state(page, "In your diary")
    assert [one.leg for one in cramps(server)] == ["left"]


def test_the_page_opens_while_the_server_is_down(browser_page: Page, server: Server) -> None:
    page = open_night(browser_page, server)
    page.evaluate("navigator.serviceWorker.ready.then(() => 1)")
    server.kill()
    page.close()
    page = browser_page.context.new_page()
    start = time.perf_counter()
    open_night(page, server)
    assert time.perf_counter() - start < 5
    tap(page, "Right leg")
    state(page, "On this phone")
    another(page)
    tap(page, "Left leg")
    state(page, "Still only on this phone: 2")
    server.start()
    state(page, "In your diary")
    assert {one.leg for one in cramps(server)} == {"left", "right"}


def test_without_a_service_worker_the_open_page_loses_nothing(chromium: Browser, server: Server) -> None:
    context = chromium.new_context(service_workers="block", locale="en-GB")
    context.add_init_script(PLAIN_HTTP)
    page = open_night(context.new_page(), server)
    server.kill()
    for leg in ("Left leg", "Right leg", "Left leg"):
        tap(page, leg)
        another(page)
    state(page, "Still only on this phone: 3")
    server.start()
    all_sent(page)
    state(page, "")
    context.close()
    assert len(cramps(server)) == 3


def test_a_closed_browser_sends_when_it_opens_again(chromium: Browser, server: Server, tmp_path: Path) -> None:
    first = chromium.new_context(locale="en-GB")
    page = open_night(first.new_page(), server)
    server.kill()
    tap(page)
    state(page, "On this phone")
    first.storage_state(path=tmp_path / "browser.json")  # what a browser keeps on the disk when it is closed
    first.close()
    server.start()
    second = chromium.new_context(locale="en-GB", storage_state=tmp_path / "browser.json")
    page = open_night(second.new_page(), server)
    all_sent(page)
    second.close()
    assert [one.leg for one in cramps(server)] == ["left"]


def test_an_old_token_is_exchanged_and_the_tap_sent(browser_page: Page, server: Server) -> None:
    page = open_night(browser_page, server)
    server.kill()
    (server.folder / "pages.secret").unlink()
    tap(page)
    server.start()
    state(page, "In your diary")
    assert len(cramps(server)) == 1


@pytest.mark.parametrize("lacking", ["", PLAIN_HTTP], ids=["secure", "plain"])
def test_two_windows_send_each_tap_once(browser_page: Page, server: Server, lacking: str) -> None:
    browser_page.context.add_init_script(lacking or "1")
    pages = [open_night(browser_page, server), open_night(browser_page.context.new_page(), server)]
    server.kill()
    for _ in range(3):
        for page in pages:
            tap(page)
            another(page)
    server.start()
    for page in pages:
        all_sent(page)
    assert len(cramps(server)) == 6


def test_an_answer_that_is_lost_makes_no_second_row(browser_page: Page, server: Server) -> None:
    page = open_night(browser_page, server)
    sent: list[str] = []

    def lose_first_answers(route: Any) -> None:
        sent.append(route.request.url)
        if len(sent) <= 2:
            route.fetch()
            route.abort()
        else:
            route.continue_()

    page.route("**/api/episodes/*", lose_first_answers)
    tap(page)
    state(page, "In your diary")
    assert len(sent) >= 3
    assert len(set(sent)) == 1
    assert len(cramps(server)) == 1


# --- what the diary does not take ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("status", "code"), [(409, "id_taken"), (422, "too_many_cramps")])
def test_what_the_diary_refuses_is_kept_and_shown(browser_page: Page, server: Server, status: int, code: str) -> None:
    page = open_night(browser_page, server)
    refuse_all(page, status, code)
    tap(page)
    state(page, "Your diary did not take this; see below.")
    page.get_by_text("Not taken by your diary").click()
    expect(page.locator("#attention li")).to_contain_text("Left leg")
    expect(page.locator("#attention li")).to_contain_text("it was refused")
    page.reload()
    page.wait_for_selector("html[data-ready]", state="attached")
    page.get_by_text("Not taken by your diary").click()
    page.unroute("**/api/**")
    page.get_by_role("button", name="Try again").click()
    all_sent(page)
    expect(page.locator("#attention")).to_be_hidden()
    assert [one.leg for one in cramps(server)] == ["left"]


def test_only_the_person_throws_away_what_was_refused(browser_page: Page, server: Server) -> None:
    page = open_night(browser_page, server)
    refuse_all(page, 422, "out_of_range")
    tap(page)
    page.get_by_text("Not taken by your diary").click()
    page.get_by_role("button", name="Throw away").click()
    expect(page.locator("#attention")).to_be_hidden()
    assert cramps(server) == []


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_refusal_that_passes_is_tried_again(browser_page: Page, server: Server, status: int) -> None:
    page = open_night(browser_page, server)
    refuse_all(page, status, "busy")
    tap(page)
    state(page, "On this phone")
    page.unroute("**/api/**")
    state(page, "In your diary")
    assert len(cramps(server)) == 1


def test_a_phone_that_is_not_linked_any_more_keeps_its_taps(browser_page: Page, server: Server) -> None:
    page = open_night(browser_page, server)
    refuse_all(page, 401, "not_linked")
    tap(page)
    state(page, "This phone is not linked any more. It keeps what you tapped; link it again in the morning.")
    assert waiting(page) == 1
    page.unroute("**/api/**")
    state(page, "In your diary")


def test_an_answer_that_is_not_from_soleus_acknowledges_nothing(browser_page: Page, server: Server) -> None:
    page = open_night(browser_page, server)
    page.route("**/api/**", lambda route: route.fulfill(status=200, body="<h1>Welcome to the hotel</h1>"))
    tap(page)
    state(page, "On this phone")
    assert waiting(page) == 1
    page.unroute("**/api/**")
    state(page, "In your diary")


@pytest.mark.parametrize("fault", ["QuotaExceededError", "SecurityError"])
def test_where_nothing_can_be_stored_the_page_says_so_and_still_sends(
    browser_page: Page, server: Server, fault: str
) -> None:
    browser_page.add_init_script(f"Storage.prototype.setItem = () => {{ throw new DOMException('no', '{fault}'); }};")
    page = open_night(browser_page, server)
    server.kill()
    tap(page)
    state(page, "Keep this page open: this browser can not keep it.")
    server.start()
    state(page, "In your diary")
    assert len(cramps(server)) == 1


def test_a_clock_that_is_set_back_does_not_change_the_order(browser_page: Page, server: Server) -> None:
    page = open_night(browser_page, server)
    server.kill()
    tap(page)
    page.evaluate("{ const now = Date.now; Date.now = () => now() - 7200e3; }")
    page.get_by_role("button", name="It has let go").click()
    expect(page.get_by_role("heading", level=2)).to_have_text("Sleep well.")
    assert waiting(page) == 2
    server.start()
    state(page, "In your diary")
    assert [one.duration_s is not None for one in cramps(server)] == [True]


# --- again and again -------------------------------------------------------------------------------------------------


def taps_of_one_round(page: Page, server: Server, chance: random.Random) -> None:
    """Tap several times while the server is killed at some moment, in the middle of a request too, and started."""
    killer = threading.Timer(chance.random() * 0.4, server.kill)
    killer.start()
    for _ in range(TAPS_A_ROUND):
        tap(page, chance.choice(["Left leg", "Right leg"]))
        page.wait_for_timeout(chance.random() * 120)
        another(page)
    killer.join()
    if chance.random() < 0.3:
        page.reload()
        page.wait_for_selector("html[data-ready]", state="attached")
    server.start()
    if chance.random() < 0.5:  # the next round finds some of this one still waiting
        all_sent(page)


@pytest.mark.parametrize("rounds", [5, pytest.param(50, marks=pytest.mark.long)])
def test_no_tap_is_lost_or_doubled(browser_page: Page, server: Server, rounds: int) -> None:
    page = open_night(browser_page, server)
    page.evaluate("navigator.serviceWorker.ready.then(() => 1)")
    keys: set[str] = set()
    page.expose_function("seen", lambda key: keys.add(key))
    page.add_init_script(
        """{ const set = Storage.prototype.setItem; Storage.prototype.setItem = function (key, value) {
        set.call(this, key, value);
        if (key.startsWith("soleus.operation.")) window.seen(JSON.parse(value).id); }; }"""
    )
    page.reload()
    page.wait_for_selector("html[data-ready]", state="attached")
    chance = random.Random(20261126 + rounds)
    for done in range(1, rounds + 1):
        taps_of_one_round(page, server, chance)
        if done % 10 == 0:  # a night holds 60 cramps: the earlier ones are moved to other nights
            all_sent(page)
            move_to_other_nights(server, done)
    all_sent(page)
    kept = [one.id for one in cramps(server)]
    assert len(kept) == rounds * TAPS_A_ROUND
    assert set(kept) == keys


def move_to_other_nights(server: Server, days: int) -> None:
    """Change the cramps so far to earlier nights by the API, as a person who corrects the diary."""
    for one in cramps(server):
        if one.started_at is not None and time.time() - one.started_at.timestamp() < 20 * 3600:
            moved = one.started_at.timestamp() - (days // 10) * 86400
            body = json.dumps({"started_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moved))}).encode()
            request = urllib.request.Request(
                f"{server.address}/api/episodes/{one.id}", body, {"content-type": "application/json"}, method="PATCH"
            )
            assert urllib.request.urlopen(request).status == 200
