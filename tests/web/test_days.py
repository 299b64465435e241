"""The day pages in a real browser: the morning, the diary, measurements, and the first page."""

from __future__ import annotations

import json
import re
import urllib.request
import uuid
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from playwright.sync_api import Browser, Page, expect
from tests.web.conftest import Server

from soleus.app.cli.record import here as zone_here
from soleus.app.morning import night_to_tell
from soleus.core.record import zone_of

ADDRESSES = ("/", "/morning", "/diary", "/measurements", "/measurements/add", "/more")


def last_night() -> date:
    return night_to_tell(datetime.now(UTC), zone_here())


def at_night(night: date, hour: int, minute: int) -> str:
    """A moment after midnight of a night, as the API takes it."""
    local = datetime.combine(night + timedelta(days=1), time(hour, minute), zone_of(zone_here()))
    return local.astimezone(UTC).isoformat()


def call(server: Server, method: str, path: str, body: object = None) -> Any:
    raw = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(
        server.address + path, raw, {"content-type": "application/json"} if raw else {}, method=method
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.loads(answer.read())


def log_cramp(server: Server, night: date, hour: int, minute: int, **told: object) -> str:
    id = str(uuid.uuid4())
    call(
        server,
        "PUT",
        f"/api/episodes/{id}",
        {"started_at": at_night(night, hour, minute), "zone": zone_here(), "night_of": night.isoformat(), **told},
    )
    return id


def tell(server: Server, night: date, cramps: int) -> None:
    call(server, "PUT", f"/api/nights/{uuid.uuid4()}", {"night_of": night.isoformat(), "cramps": cramps})


def count_clicks(page: Page) -> list[str]:
    """Return what the person clicks on from now on, as it happens."""
    made: list[str] = []
    page.expose_function("counted", lambda what: made.append(what))
    page.add_init_script("addEventListener('click', e => { if (e.detail) counted(e.target.tagName) }, true)")
    return made


def test_a_morning_with_two_cramps_takes_under_ten_clicks(server: Server, browser_page: Page) -> None:
    clicks = count_clicks(browser_page)
    night = last_night()
    first = log_cramp(server, night, 1, 10, leg="left")
    second = log_cramp(server, night, 3, 40, leg="right")
    browser_page.goto(server.address)
    browser_page.get_by_role("link", name="Tell about last night").click()
    for number, pain in ((1, "6"), (2, "8")):
        cramp = browser_page.get_by_role("group", name=re.compile("Cramp at")).nth(number - 1)
        cramp.get_by_role("group", name="How much did it hurt?").get_by_role("radio", name=pain, exact=True).click()
        cramp.get_by_role("group", name="Where?").get_by_role("radio", name="calf", exact=True).click()
    browser_page.get_by_role("button", name="Save").click()
    expect(browser_page.get_by_role("heading", level=1)).to_have_text("Kept in your diary")
    expect(browser_page.get_by_text("right calf, pain 8 of 10")).to_be_visible()
    assert 6 <= len(clicks) < 10
    kept = {one["id"]: one for one in call(server, "GET", "/api/episodes")}
    assert [(kept[id]["pain"], kept[id]["muscle"]) for id in (first, second)] == [(6, "calf"), (8, "calf")]
    (check,) = call(server, "GET", "/api/nights")
    assert check["cramps"] == 2


def test_no_cramps_is_one_tap_from_the_first_page_and_can_be_taken_back(server: Server, browser_page: Page) -> None:
    tell(server, last_night() - timedelta(days=3), 1)
    browser_page.goto(server.address)
    browser_page.get_by_role("button", name="No cramps").click()
    expect(browser_page.get_by_role("heading", level=1)).to_have_text("Kept in your diary")
    told = {one["night_of"]: one["cramps"] for one in call(server, "GET", "/api/nights")}
    assert told[last_night().isoformat()] == 0
    browser_page.get_by_role("button", name="Undo").click()
    expect(browser_page.get_by_text("Taken back")).to_be_visible()
    assert last_night().isoformat() not in {one["night_of"] for one in call(server, "GET", "/api/nights")}


def test_a_night_told_late_is_marked_wherever_it_is_shown(server: Server, browser_page: Page) -> None:
    late = last_night() - timedelta(days=9)
    tell(server, last_night() - timedelta(days=12), 0)
    browser_page.goto(f"{server.address}/morning")
    browser_page.get_by_role("link", name=re.compile(rf", {late.day} ")).click()
    browser_page.get_by_role("button", name="No cramps that night").click()
    expect(browser_page.get_by_text("filled in later")).to_be_visible()
    browser_page.goto(f"{server.address}/diary/night/{late}")
    expect(browser_page.get_by_text("filled in later").first).to_be_visible()
    browser_page.goto(f"{server.address}/diary?month={late:%Y-%m}")
    cell = browser_page.locator(f'a.cell[href="/diary/night/{late}"]')
    assert "filled in later" in (cell.text_content() or "")
    browser_page.goto(server.address + f"/diary/night/{last_night()}")
    assert "filled in later" not in browser_page.inner_text("main")


def test_none_beside_logged_cramps_is_asked_back_and_changes_nothing_by_itself(
    server: Server, browser_page: Page
) -> None:
    night = last_night()
    log_cramp(server, night, 2, 0, leg="left")
    log_cramp(server, night, 4, 0, leg="left")
    browser_page.goto(f"{server.address}/morning")
    browser_page.get_by_role("group", name="How many cramps were there?").get_by_role(
        "radio", name="0", exact=True
    ).click()
    browser_page.get_by_role("button", name="Save").click()
    expect(browser_page.get_by_role("heading", level=1)).to_have_text("Which is right?")
    assert len(call(server, "GET", "/api/episodes")) == 2
    assert call(server, "GET", "/api/nights") == []
    browser_page.get_by_role("button", name="They were logged by mistake: no cramps").click()
    expect(browser_page.get_by_text("no cramps")).to_be_visible()
    assert call(server, "GET", "/api/episodes") == []
    browser_page.get_by_role("button", name="Undo").click()
    assert len(call(server, "GET", "/api/episodes")) == 2
    assert call(server, "GET", "/api/nights") == []


def test_two_taps_within_five_minutes_are_asked_about_and_can_be_one(server: Server, browser_page: Page) -> None:
    night = last_night()
    log_cramp(server, night, 3, 10, leg="left")
    log_cramp(server, night, 3, 13, leg="left")
    browser_page.goto(f"{server.address}/morning")
    browser_page.get_by_role("link", name="They were two").click()
    assert browser_page.get_by_role("button", name="It was one").count() == 0
    browser_page.goto(f"{server.address}/morning")
    browser_page.get_by_role("button", name="It was one").click()
    assert len(call(server, "GET", "/api/episodes")) == 1
    browser_page.get_by_role("button", name="Undo").click()
    assert len(call(server, "GET", "/api/episodes")) == 2


def test_a_week_is_told_apart_by_words_and_its_nights_can_be_corrected_and_brought_back(
    server: Server, browser_page: Page
) -> None:
    last = last_night()
    for days, cramps in ((0, 2), (1, 0), (3, 1)):
        tell(server, last - timedelta(days=days), cramps)
    words = {0: "2 cramps", 1: "no cramps", 2: "not recorded", 3: "1 cramp"}
    for days, said in words.items():
        night = last - timedelta(days=days)
        browser_page.goto(f"{server.address}/diary?month={night:%Y-%m}")
        assert said in (browser_page.locator(f'a.cell[href="/diary/night/{night}"]').text_content() or "")
    expect(browser_page.get_by_text("1 night is missing.")).to_be_visible()
    browser_page.goto(f"{server.address}/diary/night/{last}")
    browser_page.get_by_role("link", name="Correct or add").click()
    browser_page.get_by_role("group", name="How many cramps were there?").get_by_role(
        "radio", name="1", exact=True
    ).click()
    browser_page.get_by_role("button", name="Save").click()
    expect(browser_page.get_by_text("1 cramp", exact=True)).to_be_visible()
    browser_page.get_by_role("button", name="Undo").click()
    browser_page.goto(f"{server.address}/diary/night/{last}")
    expect(browser_page.get_by_text("2 cramps", exact=True).first).to_be_visible()
    browser_page.get_by_role("button", name="Remove what was told in the morning").click()
    expect(browser_page.get_by_text("not recorded", exact=True).first).to_be_visible()
    browser_page.get_by_role("button", name="Undo").click()
    expect(browser_page.get_by_text("2 cramps", exact=True).first).to_be_visible()


def test_circumstances_of_a_day_are_kept_changed_and_taken_back(server: Server, browser_page: Page) -> None:
    night = last_night()
    tell(server, night, 0)
    browser_page.goto(f"{server.address}/diary/night/{night}")
    browser_page.get_by_role("group", name="Alcohol").get_by_role("radio", name="yes").click()
    browser_page.get_by_text("Follow something else").click()
    browser_page.get_by_label("What?").fill("walk")
    browser_page.get_by_label("How much, if it is an amount").fill("2,5")
    browser_page.get_by_label("Unit").fill("km")
    browser_page.get_by_role("button", name="Save the day").click()
    expect(browser_page.get_by_text("Kept in your diary.")).to_be_visible()
    kept = {one["name"]: (one["value"], one["unit"]) for one in call(server, "GET", "/api/factors")}
    assert kept == {"alcohol": (1.0, ""), "walk": (2.5, "km")}
    expect(browser_page.get_by_label("walk, in km")).to_have_value("2.5")
    browser_page.get_by_role("button", name="Undo").click()
    assert call(server, "GET", "/api/factors") == []


def test_a_result_with_a_comma_and_a_slip_of_the_unit_is_mended_kept_corrected_and_brought_back(
    server: Server, browser_page: Page
) -> None:
    browser_page.goto(f"{server.address}/measurements")
    browser_page.get_by_role("link", name="Enter the first result").click()
    browser_page.get_by_label("What was measured?").fill("Calcium, total")
    browser_page.get_by_label("Value").fill("9,2")
    browser_page.get_by_label("Unit").fill("mmol/L")
    browser_page.get_by_role("button", name="Save").click()
    expect(browser_page.get_by_role("alert")).to_be_focused()
    expect(browser_page.get_by_label("Unit")).to_have_attribute("aria-invalid", "true")
    expect(browser_page.locator("#unit-said-1")).to_contain_text("mg/dL")
    assert call(server, "GET", "/api/samples") == []
    browser_page.get_by_label("Unit").fill("mg/dL")
    browser_page.get_by_role("button", name="Show how it is read").click()
    expect(browser_page.get_by_text("Calcium, total: 9.2 mg/dL = 2.296 mmol/L")).to_be_visible()
    assert call(server, "GET", "/api/samples") == []
    browser_page.get_by_role("button", name="Save").click()
    expect(browser_page.get_by_role("heading", level=1)).to_have_text("Calcium, total")
    (sample,) = call(server, "GET", "/api/samples")
    assert (sample["quantity"], sample["value"], sample["unit"], sample["clock_known"]) == (
        "calcium",
        9.2,
        "mg/dL",
        False,
    )
    browser_page.get_by_role("link", name=re.compile("Correct the result")).click()
    browser_page.get_by_label("Value").fill("9.4")
    browser_page.get_by_role("button", name="Save").click()
    expect(browser_page.locator(".entries").get_by_text("9.4 mg/dL")).to_be_visible()
    browser_page.get_by_role("button", name="Undo").click()
    expect(browser_page.locator(".entries").get_by_text("9.2 mg/dL")).to_be_visible()
    browser_page.get_by_role("button", name=re.compile("Remove the result")).click()
    expect(browser_page.get_by_text("Nothing is measured yet.")).to_be_visible()
    browser_page.get_by_role("button", name="Undo").click()
    expect(browser_page.get_by_text("2.296").first).to_be_visible()


def test_a_measurement_of_ones_own_is_asked_about_once_and_kept(server: Server, browser_page: Page) -> None:
    browser_page.goto(f"{server.address}/measurements/add")
    browser_page.get_by_label("What was measured?").fill("left calf girth")
    browser_page.get_by_label("Value").fill("36,5")
    browser_page.get_by_label("Unit").fill("cm")
    browser_page.get_by_role("button", name="Save").click()
    expect(browser_page.get_by_text("This name is not in the evidence base.")).to_be_visible()
    browser_page.get_by_role("button", name="Keep as my own measurement").click()
    expect(browser_page.get_by_role("heading", level=1)).to_have_text("left calf girth")
    (sample,) = call(server, "GET", "/api/samples")
    assert (sample["quantity"], sample["value"], sample["unit"]) == ("left calf girth", 36.5, "cm")


def test_an_empty_diary_shows_what_to_do_and_no_figure(server: Server, browser_page: Page) -> None:
    browser_page.goto(server.address)
    assert browser_page.locator("ol.steps-list > li").count() == 3
    browser_page.goto(f"{server.address}/diary")
    expect(browser_page.get_by_text("Nothing is recorded yet.")).to_be_visible()
    assert browser_page.locator(".figure").count() == 0
    tell(server, last_night(), 1)
    browser_page.goto(server.address)
    expect(browser_page.get_by_text("Not enough nights yet")).to_be_visible()


def test_no_page_is_wider_than_a_small_phone(server: Server, browser_page: Page) -> None:
    last = last_night()
    for days in range(40):
        tell(server, last - timedelta(days=days), days % 3)
    log_cramp(server, last, 3, 10, leg="left", pain=6, muscle="hamstring", woke=True, duration_s=200)
    for n, value in enumerate((2.15, 2.31, 2.34)):
        taken = (datetime.now(UTC) - timedelta(days=20 * (3 - n))).isoformat()
        body = {"name": "calcium", "value": str(value), "unit": "mmol/L", "low": 2.2, "high": 2.6, "taken": taken}
        call(server, "PUT", f"/api/measurements/{uuid.uuid4()}", body)
    browser_page.set_viewport_size({"width": 320, "height": 640})
    for path in (*ADDRESSES, f"/diary/night/{last}", f"/morning/{last}", "/measurements/calcium"):
        browser_page.goto(server.address + path)
        for part in browser_page.locator("details").all():
            part.evaluate("element => { element.open = true }")
        assert browser_page.evaluate("document.scrollingElement.scrollWidth") <= 320, path
        for picture in browser_page.locator("svg.soleus:visible").all():
            drawn = picture.evaluate("p => p.getBoundingClientRect().width / p.viewBox.baseVal.width * 17")
            assert drawn >= 12, f"{path}: the words of a picture are {drawn:.1f} pixels high"


def test_the_morning_form_needs_no_pointer(server: Server, browser_page: Page) -> None:
    browser_page.goto(f"{server.address}/morning")
    keys = browser_page.keyboard

    def go_to(name: str) -> None:
        for _ in range(80):
            keys.press("Tab")
            if browser_page.evaluate("document.activeElement.name ?? ''") == name:
                return
        raise AssertionError(f"the keyboard does not reach {name}")

    go_to("cramps")
    keys.press("Space")  # one cramp: its fields appear next
    go_to("c1_pain")
    keys.press("Space")
    for _ in range(7):
        keys.press("ArrowRight")
    go_to("c1_muscle")
    keys.press("Space")
    go_to("slept_h")
    keys.type("6,5")
    keys.press("Enter")
    expect(browser_page.get_by_role("heading", level=1)).to_have_text("Kept in your diary")
    (cramp,) = call(server, "GET", "/api/episodes")
    (check,) = call(server, "GET", "/api/nights")
    assert (cramp["pain"], cramp["muscle"], check["cramps"], check["slept_h"]) == (7, "calf", 1, 6.5)


def test_what_can_not_be_read_is_told_beside_its_field_and_nothing_is_lost(server: Server, browser_page: Page) -> None:
    browser_page.goto(f"{server.address}/morning")
    browser_page.get_by_label("Hours slept").fill("forty")
    browser_page.get_by_label("Note").fill("a hot night")
    browser_page.get_by_role("button", name="Save").click()
    expect(browser_page.get_by_role("alert")).to_be_focused()
    expect(browser_page.locator("#slept_h-error")).to_contain_text("between 0 and 24")
    expect(browser_page.get_by_label("Note")).to_have_value("a hot night")
    assert call(server, "GET", "/api/nights") == []


def test_everything_works_without_scripts(server: Server, chromium: Browser) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{server.address}/morning")
    page.get_by_role("group", name="How many cramps were there?").get_by_role("radio", name="1", exact=True).click()
    page.get_by_role("button", name="Save").click()
    assert page.inner_text("h1") == "Kept in your diary"
    page.goto(f"{server.address}/measurements/add")
    page.get_by_label("What was measured?").fill("calcium")
    page.get_by_label("Value").fill("2.31")
    page.get_by_label("Unit").fill("mmol/L")
    page.get_by_role("button", name="Save").click()
    assert page.inner_text("h1") == "Calcium, total"
    context.close()
    assert call(server, "GET", "/api/samples")[0]["value"] == 2.31


def test_a_result_is_read_while_it_is_typed(server: Server, browser_page: Page) -> None:
    """A change of a field shows how it is read; what can't be read shows nothing, and nothing is kept before saving."""
    browser_page.goto(f"{server.address}/measurements/add")
    reading = browser_page.locator("#reading")
    browser_page.get_by_label("What was measured?").fill("calcium")
    browser_page.get_by_label("Value").fill("9,2")
    browser_page.get_by_label("Unit").fill("mg/dL")
    browser_page.get_by_label("Unit").blur()
    expect(reading).to_contain_text("9.2 mg/dL = 2.296 mmol/L")
    browser_page.get_by_label("Value").fill("much")
    browser_page.get_by_label("Value").blur()
    expect(reading).to_have_text("")
    expect(browser_page.get_by_label("Value")).to_have_value("much")
    assert call(server, "GET", "/api/samples") == []
