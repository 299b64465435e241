"""The page at three in the morning, in a real browser, with a server that is killed and comes back."""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error, Page, expect
from tests.web.conftest import Server, free_port

from soleus.core.record import Episode
from soleus.diary import open_diary

WAIT_MS = 20_000  # the outbox tries again after 15 seconds at the latest


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    made = Server(tmp_path_factory.mktemp("night") / "data", free_port())
    made.start()
    yield made
    made.kill()


@pytest.fixture
def server(running: Server) -> Server:
    """The server of all these tests, with no cramp in its diary."""
    now = datetime.now(UTC)
    with open_diary(str(running.folder / "diary.sqlite")) as diary:
        for one in diary.episodes():
            diary.remove(one.id, now=now)
    return running


def cramps(server: Server) -> list[Episode]:
    """Return what is in the diary, read from the file beside the running server."""
    with open_diary(str(server.folder / "diary.sqlite")) as diary:
        return diary.episodes()


def open_night(page: Page, server: Server) -> Page:
    page.goto(f"{server.address}/night")
    page.wait_for_selector("html[data-ready]", state="attached")
    return page


def tap(page: Page, leg: str = "Left leg") -> None:
    page.get_by_role("button", name=leg).click()
    expect(page.get_by_role("status")).to_have_text("In your diary", timeout=WAIT_MS)


def another(page: Page) -> None:
    page.get_by_role("link", name="Another cramp").locator("visible=true").click()


def state(page: Page, words: str) -> None:
    expect(page.get_by_role("status")).to_have_text(words, timeout=WAIT_MS)


@pytest.fixture
def night(browser_page: Page, server: Server) -> Page:
    return open_night(browser_page, server)


def test_a_tap_is_in_the_diary_and_the_screen_says_what_to_do(night: Page, server: Server) -> None:
    tap(night, "Right leg")
    expect(night.get_by_role("heading", level=2)).to_have_text("Pull your toes up")
    expect(night.get_by_role("heading", level=2)).to_be_focused()
    (cramp,) = cramps(server)
    assert (cramp.leg, cramp.zone, cramp.note, cramp.duration_s) == ("right", "Europe/London", "", None)
    assert cramp.started_at is not None
    assert abs(cramp.started_at.timestamp() - time.time()) < 30


def test_the_guide_goes_step_by_step_and_counts_three_holds(browser_page: Page, server: Server) -> None:
    browser_page.clock.install()
    open_night(browser_page, server)
    tap(browser_page)
    heading = browser_page.get_by_role("heading", level=2)
    seen: list[str] = []
    for _ in range(66):
        count = browser_page.locator("#count").inner_text()
        words = heading.inner_text()
        if words != "Pull your toes up" and (not seen or seen[-1] != words):
            seen.append(words)
        assert count == "" or 1 <= int(count) <= 10
        browser_page.clock.run_for(1_000)
    rest = "Let go, breathe out"
    assert seen == ["Straighten the leg", "Hold", rest, "Hold", rest, "Hold", "Has it let go?"]
    browser_page.get_by_role("button", name="Again").click()
    expect(heading).to_have_text("Pull your toes up")


def test_the_count_is_not_read_aloud_each_second_but_each_step_is(browser_page: Page, server: Server) -> None:
    browser_page.clock.install()
    open_night(browser_page, server)
    tap(browser_page)
    assert browser_page.locator("#count").get_attribute("aria-hidden") == "true"
    said: list[str] = []
    for _ in range(30):
        browser_page.clock.run_for(1_000)
        words = browser_page.locator('[aria-live="polite"]').inner_text()
        if not said or said[-1] != words:
            said.append(words)
    assert [one.partition(".")[0] for one in said if one] == ["Straighten the leg", "Hold", "Let go, breathe out"]


def test_sitting_changes_the_steps_and_is_remembered(night: Page, server: Server) -> None:
    tap(night)
    night.get_by_role("button", name="Sitting").click()
    expect(night.get_by_role("heading", level=2)).to_have_text("Straighten the leg")
    expect(night.locator("#how")).to_contain_text("Stay in bed")
    night.reload()
    night.wait_for_selector("html[data-ready]", state="attached")
    expect(night.get_by_role("button", name="Sitting")).to_have_attribute("aria-pressed", "true")


def test_pause_stops_the_count(browser_page: Page, server: Server) -> None:
    browser_page.clock.install()
    open_night(browser_page, server)
    tap(browser_page)
    browser_page.clock.run_for(14_000)
    browser_page.get_by_role("button", name="Pause").click()
    before = browser_page.locator("#count").inner_text()
    browser_page.clock.run_for(30_000)
    assert browser_page.locator("#count").inner_text() == before
    browser_page.get_by_role("button", name="Go on").click()
    browser_page.clock.run_for(2_000)
    assert int(before) - 3 <= int(browser_page.locator("#count").inner_text()) < int(before)


def test_nothing_is_spoken_unless_chosen(browser_page: Page, server: Server) -> None:
    browser_page.add_init_script("window.spoken = []; speechSynthesis.speak = (one) => window.spoken.push(one.text);")
    open_night(browser_page, server)
    tap(browser_page)
    assert browser_page.evaluate("window.spoken") == []
    browser_page.get_by_role("button", name="Say it aloud").click()
    assert "Pull your toes up" in browser_page.evaluate("window.spoken[0]")


def test_it_has_let_go_ends_the_cramp_with_its_duration(browser_page: Page, server: Server) -> None:
    browser_page.clock.install()
    open_night(browser_page, server)
    tap(browser_page)
    browser_page.clock.run_for(95_000)
    browser_page.get_by_role("button", name="It has let go").click()
    expect(browser_page.get_by_role("heading", level=2)).to_have_text("Sleep well.")
    state(browser_page, "In your diary")
    (cramp,) = cramps(server)
    assert cramp.duration_s is not None
    assert 94 <= cramp.duration_s <= 110


def test_the_duration_survives_a_reload(browser_page: Page, server: Server) -> None:
    browser_page.clock.install()
    open_night(browser_page, server)
    tap(browser_page)
    state(browser_page, "In your diary")
    browser_page.clock.run_for(40_000)
    browser_page.reload()
    expect(browser_page.get_by_role("button", name="It has let go")).to_be_visible()
    browser_page.clock.run_for(20_000)
    browser_page.get_by_role("button", name="It has let go").click()
    state(browser_page, "In your diary")
    (cramp,) = cramps(server)
    assert cramp.duration_s is not None
    assert 59 <= cramp.duration_s <= 80


def test_an_end_that_was_forgotten_is_not_told_as_a_duration(browser_page: Page, server: Server) -> None:
    browser_page.clock.install()
    open_night(browser_page, server)
    tap(browser_page)
    state(browser_page, "In your diary")
    browser_page.clock.fast_forward(3 * 3600 * 1000)
    browser_page.get_by_role("button", name="It has let go").click()
    expect(browser_page.get_by_role("heading", level=2)).to_have_text("Sleep well.")
    state(browser_page, "In your diary")
    assert [one.duration_s for one in cramps(server)] == [None]


def test_undo_takes_the_tap_out_again(night: Page, server: Server) -> None:
    tap(night)
    night.get_by_role("button", name="Undo").click()
    state(night, "Taken out.")
    assert cramps(server) == []
    tap(night, "Right leg")
    state(night, "In your diary")
    assert [one.leg for one in cramps(server)] == ["right"]


def test_a_second_cramp_within_a_minute_is_just_recorded(night: Page, server: Server) -> None:
    tap(night)
    another(night)
    tap(night)
    state(night, "In your diary")
    assert len(cramps(server)) == 2


def test_keyboard_alone_goes_through_a_cramp(night: Page, server: Server) -> None:
    def press_until(name: str) -> None:
        for _ in range(12):
            night.keyboard.press("Tab")
            if night.evaluate("document.activeElement.textContent.trim()") == name:
                night.keyboard.press("Enter")
                return
        raise AssertionError(f"{name} is not reached by the Tab key")

    press_until("Right leg")
    press_until("It has let go")
    expect(night.get_by_role("heading", level=2)).to_be_focused()
    press_until("Another cramp")
    press_until("Right leg")
    press_until("Undo")
    state(night, "Taken out.")
    assert [(one.leg, one.duration_s is not None) for one in cramps(server)] == [("right", True)]


def test_when_not_to_stretch_is_in_sight_and_told_in_full_at_one_tap(night: Page) -> None:
    tap(night)
    short = night.get_by_text("Do not stretch, get help")
    expect(short).to_be_in_viewport()
    short.click()
    expect(night.get_by_text("call for help instead")).to_be_visible()


# --- without JavaScript ----------------------------------------------------------------------------------------------


@pytest.fixture
def plain(chromium: Browser, server: Server) -> Iterator[Page]:
    context = chromium.new_context(java_script_enabled=False, locale="en-GB", viewport={"width": 320, "height": 568})
    page = context.new_page()
    page.goto(f"{server.address}/night")
    yield page
    context.close()


def test_it_works_without_javascript(plain: Page, server: Server) -> None:
    tap(plain)
    expect(plain.get_by_text("Pull your toes and foot up")).to_be_visible()
    (cramp,) = cramps(server)
    assert (cramp.leg, cramp.duration_s) == ("left", None)
    plain.get_by_role("button", name="It has let go").click()
    expect(plain.get_by_role("heading", name="Sleep well.")).to_be_visible()
    (cramp,) = cramps(server)
    assert cramp.duration_s is not None
    plain.reload()
    assert cramps(server) == [cramp]
    plain.get_by_role("button", name="Undo").locator("visible=true").click()
    expect(plain.get_by_text("Taken out.")).to_be_visible()
    assert cramps(server) == []
    expect(plain.get_by_role("button", name="Left leg")).to_be_visible()


def test_a_cramp_tapped_without_javascript_is_taken_on_by_it(browser_page: Page, server: Server) -> None:
    browser_page.route("**/static/night.js*", lambda route: route.abort())
    browser_page.goto(f"{server.address}/night")
    tap(browser_page)
    expect(browser_page).to_have_url(re.compile(r"/night\?cramp="))
    browser_page.unroute("**/static/night.js*")
    browser_page.reload()
    browser_page.wait_for_selector("html[data-ready]", state="attached")
    browser_page.get_by_role("button", name="It has let go").click()
    state(browser_page, "In your diary")
    (cramp,) = cramps(server)
    assert cramp.duration_s is not None


def test_a_form_of_another_site_records_nothing(browser_page: Page, server: Server) -> None:
    browser_page.goto(f"{server.address}/night")
    answer = browser_page.request.post(
        f"{server.address}/night", form={"leg": "left"}, headers={"origin": "http://evil"}
    )
    assert answer.status == 403
    assert cramps(server) == []


# --- dark, light of weight, and quiet --------------------------------------------------------------------------------


def test_it_is_black_from_the_first_paint(chromium: Browser, server: Server) -> None:
    """Also when the stylesheet never comes, and for a reader who wants light pages."""
    context = chromium.new_context(color_scheme="light", viewport={"width": 375, "height": 700})
    page = context.new_page()
    page.route("**/static/*", lambda route: route.abort())
    page.goto(f"{server.address}/night")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(0, 0, 0)"
    assert corner_of(page) == [0, 0, 0]
    page.unroute("**/static/*")
    page.goto(f"{server.address}/night", wait_until="commit")
    assert corner_of(page) == [0, 0, 0]
    page.wait_for_load_state()
    for part in ("documentElement", "body"):
        assert page.evaluate(f"getComputedStyle(document.{part}).backgroundColor") == "rgb(0, 0, 0)"
    context.close()


def corner_of(page: Page) -> list[int]:
    """Return the color of the last pixel of a screenshot, read by another window of the same browser."""
    for attempt in range(5):
        try:
            shot = page.screenshot()
            break
        except Error:  # Chromium has no picture in the moment in which one page gives way to the next
            assert attempt < 4
            time.sleep(0.05)
    picture = base64.b64encode(shot).decode()
    reader = page.context.new_page()
    color: list[int] = reader.evaluate(
        """async (data) => { const image = new Image(); image.src = "data:image/png;base64," + data;
        await image.decode();
        const canvas = Object.assign(document.createElement("canvas"), { width: image.width, height: image.height });
        const pen = canvas.getContext("2d"); pen.drawImage(image, 0, 0);
        return [...pen.getImageData(image.width - 1, image.height - 1, 1, 1).data].slice(0, 3); }""",
        picture,
    )
    reader.close()
    return color


def test_only_the_page_that_says_nothing_of_the_diary_is_compressed(server: Server, browser_page: Page) -> None:
    def encoding(path: str) -> str:
        headers = {"accept-encoding": "gzip"}
        return browser_page.request.get(server.address + path, headers=headers).headers.get("content-encoding", "")

    assert encoding("/night") == "gzip"
    assert encoding("/night?cramp=a") == ""


def test_all_that_is_transferred_is_under_20_kb(chromium: Browser, server: Server) -> None:
    context = chromium.new_context(viewport={"width": 375, "height": 700})
    page = context.new_page()
    network = context.new_cdp_session(page)
    network.send("Network.enable")
    got: list[float] = []
    network.on("Network.loadingFinished", lambda event: got.append(event["encodedDataLength"]))
    open_night(page, server)
    page.wait_for_load_state("networkidle")
    assert len(got) >= 4  # the page, its stylesheet and two scripts
    worker = 0  # what it fetches is not seen by the window: itself, the page once more, the manifest
    for path in ("/sw.js", "/night", page.locator("link[rel=manifest]").get_attribute("href") or ""):
        answer = context.request.get(server.address + path, headers={"accept-encoding": "gzip"})
        worker += int(answer.headers["content-length"]) + sum(len(f"{k}: {v}\r\n") for k, v in answer.headers.items())
    context.close()
    assert sum(got) + worker < 20_000, (sum(got), worker)


@pytest.mark.parametrize(("width", "height"), [(320, 568), (375, 700), (412, 915), (1280, 800), (667, 375)])
def test_the_two_targets_fill_the_screen(browser_page: Page, server: Server, width: int, height: int) -> None:
    browser_page.set_viewport_size({"width": width, "height": height})
    open_night(browser_page, server)
    boxes = [browser_page.get_by_role("button", name=name).bounding_box() for name in ("Left leg", "Right leg")]
    left, right = (box for box in boxes if box is not None)
    assert min(left["height"], right["height"]) >= 0.35 * height
    assert left["width"] * left["height"] + right["width"] * right["height"] > 0.75 * width * height
    assert browser_page.evaluate("document.documentElement.scrollHeight <= innerHeight")
    assert (left["x"] < right["x"]) == (width > height)


def test_every_target_is_large_enough(night: Page) -> None:
    tap(night)
    small = night.evaluate(
        """[...document.querySelectorAll("button, a, summary")].filter((one) => one.offsetParent)
        .map((one) => [one.textContent, one.getBoundingClientRect()])
        .filter(([, box]) => box.height < 44 || box.width < 44).map(([words]) => words)"""
    )
    assert small == []


@pytest.mark.parametrize("view", ["ask", "guide", "rest"])
def test_axe_finds_nothing(night: Page, view: str) -> None:
    if view != "ask":
        tap(night)
    if view == "rest":
        night.get_by_role("button", name="It has let go").click()
    state(night, "" if view == "ask" else "In your diary")
    night.evaluate(Path(__file__).with_name("axe.min.js").read_text())
    tags = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]
    found = night.evaluate(f"axe.run({{runOnly: {json.dumps(tags)}}}).then((told) => told.violations)")
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found] == []


def test_nothing_of_the_diary_is_kept_by_the_service_worker(night: Page, server: Server) -> None:
    night.evaluate("navigator.serviceWorker.ready.then(() => 1)")
    tap(night)
    state(night, "In your diary")
    (cramp,) = cramps(server)
    night.goto(f"{server.address}/night?cramp={cramp.id}")
    night.goto(f"{server.address}/night")
    kept = night.evaluate(
        """(async () => { const found = [];
        for (const name of await caches.keys()) for (const request of await (await caches.open(name)).keys())
          found.push([new URL(request.url).pathname, await (await caches.match(request)).text()]);
        return found; })()"""
    )
    paths = {path for path, _ in kept}
    assert "/night" in paths
    assert all(path == "/night" or path.startswith("/static/") for path in paths)
    assert not any(cramp.id in text for _, text in kept)
