"""The interview in a real browser: an ordinary one, a dangerous one, and everything a person may do on the way."""

from __future__ import annotations

import json
import re
import urllib.request
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.web.conftest import Server

OPENING: tuple[dict[str, Any], ...] = (
    {"age": 68},
    {"sex": "female"},
    {"screen": "where", "choices": ["calf"]},
    {"screen": "when", "choices": ["night"]},
    {"screen": "how_long", "choices": ["minutes"]},
    {"screen": "since", "choices": ["months"]},
    {"screen": "how_often", "choices": ["weekly"]},
    {"screen": "eases", "choices": ["stretching"]},
)


def call(server: Server, path: str, body: dict[str, Any] | None = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(server.address + path, data, {"content-type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def tell(server: Server, *answers: dict[str, Any]) -> Any:
    state = None
    for answer in answers:
        state = call(server, "/api/interview/answers", answer)
    return state


def heading(page: Page) -> str:
    return page.locator("h1").inner_text()


def press(page: Page, name: str) -> None:
    """Press a button and wait for the page that follows: what is looked at next is there."""
    with page.expect_navigation():
        page.get_by_role("button", name=name, exact=True).click()


def test_an_ordinary_person_comes_to_an_answer(server: Server, browser_page: Page) -> None:
    page = browser_page
    page.goto(f"{server.address}/why")
    page.get_by_label("Age in years").fill("68")
    press(page, "Next")
    press(page, "Female")
    for ticks in (
        ["Calf"],
        ["At night or in bed"],
        ["Seconds, or up to ten minutes"],
        ["For longer than three months"],
        ["Once a week or more"],
        ["Pulling the toes up, stretching the muscle"],
    ):
        for tick in ticks:
            page.get_by_label(tick, exact=True).check()
        press(page, "Next")
    for _ in range(40):
        if not page.get_by_role("button", name="No", exact=True).count():
            break
        press(page, "No")
    assert heading(page) == "Which medicines do you take?"
    page.get_by_label("Names, with commas").fill("ramipril, aspirin")
    page.get_by_label("This is everything I take").check()
    press(page, "Next")
    for _ in range(40):
        if not page.get_by_role("button", name="No", exact=True).count():
            break
        press(page, "No")
    assert heading(page) == "Do you have test results?"
    press(page, "I have none at hand")
    assert heading(page) == "You can stop here"
    assert re.search(r"\d+ answers\. You can stop here: ", page.locator(".progress").inner_text())
    page.get_by_role("link", name="See the answer").click()
    assert heading(page) == "What it may be"
    expect(page.get_by_role("heading", name="Nothing alarming is known")).to_be_visible()
    expect(
        page.get_by_role("heading", name="Most likely so far: Night leg cramps without a particular")
    ).to_be_visible()
    page.get_by_text("Step by step: why this number").first.click()
    step = page.locator(".cause .steps li").first
    expect(step.locator("svg.step")).to_be_visible()
    step.get_by_role("link").click()
    assert "/evidence/" in page.url
    expect(page.locator(".claim").first).to_contain_text("Source:")
    page.go_back()
    page.get_by_text("“In old age the lack of calcium causes the cramps.”").click()
    expect(page.get_by_text("For you:").locator("visible=true")).to_contain_text("For you:")


def test_a_swollen_calf_is_told_at_once_and_first(server: Server, browser_page: Page) -> None:
    page = browser_page
    tell(server, *OPENING[:4], {"finding": "leg_swelling_one_sided", "answer": "yes"})
    page.goto(f"{server.address}/why")
    assert heading(page) == "This should be seen today"
    flag = page.locator("main .flag").first
    expect(flag).to_contain_text("Possible clot in a deep leg vein")
    expect(flag).to_contain_text("See a doctor today")
    box = flag.bounding_box()
    assert box is not None
    assert box["y"] < 250
    assert box["width"] > 330
    press(page, "Go on with the questions")
    assert heading(page) != "This should be seen today"
    first = page.locator("main > *").first
    expect(first).to_contain_text("Possible clot in a deep leg vein")  # it stays first on every screen
    page.get_by_role("link", name="See the answer so far").click()
    expect(page.locator("main > h1 + .flag")).to_contain_text("Possible clot in a deep leg vein")


def test_in_an_emergency_nothing_comes_before_whom_to_call(server: Server, browser_page: Page) -> None:
    page = browser_page
    tell(server, *OPENING[:2], {"words": "sudden cold pale leg"})
    page.goto(f"{server.address}/why")
    assert heading(page) == "This may be an emergency"
    texts = page.locator("main").inner_text()
    assert texts.index("Call the emergency number now") < texts.index("112") < texts.index("Go on with the questions")
    assert page.locator("main a[href='tel:112']").is_visible()


def test_back_do_not_know_and_reload(server: Server, browser_page: Page) -> None:
    page = browser_page
    tell(server, *OPENING)
    page.goto(f"{server.address}/why")
    first = heading(page)
    page.reload()
    assert heading(page) == first
    press(page, "Don't know")
    second = heading(page)
    assert second != first
    press(page, "← Back")
    assert heading(page) == first
    press(page, "Yes")
    assert heading(page) != first
    state = call(server, "/api/interview")
    assert state["answers"][-1]["answer"] == "yes"
    page.get_by_text("Why this question?").click()
    expect(page.locator("details[open] p").first).to_contain_text("Because")


def test_the_same_form_twice_answers_one_question(server: Server, browser_page: Page) -> None:
    page = browser_page
    tell(server, *OPENING)
    page.goto(f"{server.address}/why")
    finding = page.locator("input[name=finding]").get_attribute("value")
    for _ in range(2):
        page.evaluate(
            """() => { const data = new URLSearchParams(new FormData(document.querySelector('form.answers')));
                       data.set('answer', 'no'); return fetch('/why/answer', {method: 'POST', body: data}); }"""
        )
    answers = call(server, "/api/interview")["answers"]
    assert [one.get("finding") for one in answers].count(finding) == 1
    assert len(answers) == len(OPENING) + 1
    step = page.locator("input[name=step]").get_attribute("value")
    for _ in range(2):  # an old "back", twice: it was made before that answer and takes back nothing
        page.evaluate(
            """(step) => { const csrf = document.querySelector('input[name=csrf]').value;
                       return fetch('/why/back', {method: 'POST', body: new URLSearchParams({csrf, step})}); }""",
            step,
        )
    assert len(call(server, "/api/interview")["answers"]) == len(OPENING) + 1


def test_own_words_are_read_back(server: Server, browser_page: Page) -> None:
    page = browser_page
    tell(server, *OPENING[:2])
    page.goto(f"{server.address}/why")
    for words, answer in (
        ("my calf goes rock hard", "was read as: Hard muscle or knot during the attack"),
        ("xyzzy plugh", "was not understood and is not used"),
    ):
        page.get_by_text("Say it in your own words").click()
        page.locator("#words").fill(words)
        press(page, "Say it")
        expect(page.locator(".note[role=status]")).to_contain_text(answer)
        assert heading(page) == "Where is it?"
    page.get_by_text("Say it in your own words").click()
    press(page, "Say it")
    expect(page.locator("#problems")).to_contain_text("nothing was written")


def test_a_wrong_age_is_told_beside_the_field_and_keeps_what_was_typed(server: Server, browser_page: Page) -> None:
    page = browser_page
    page.goto(f"{server.address}/why")
    page.get_by_label("Age in years").fill("old")
    press(page, "Next")
    expect(page.locator("#age-error")).to_be_visible()
    assert page.get_by_label("Age in years").input_value() == "old"
    assert page.evaluate("document.activeElement.id") == "problems"
    page.get_by_label("Age in years").fill("")
    page.get_by_text("Rather an age group").click()
    page.get_by_label("Age group", exact=True).select_option("60-69")
    press(page, "Next")
    assert heading(page) == "What is your sex?"


def test_pregnancy_is_asked_where_it_can_be(server: Server, browser_page: Page) -> None:
    page = browser_page
    tell(server, {"age": 30}, {"sex": "female"})
    page.goto(f"{server.address}/why")
    assert heading(page) == "Are you pregnant?"
    page.locator("#week").fill("60")
    press(page, "Yes")
    expect(page.locator("#week-error")).to_be_visible()
    page.locator("#week").fill("30")
    press(page, "Yes")
    assert heading(page) == "Where is it?"
    assert call(server, "/api/interview")["answers"][-1] == {"pregnant": True, "week": 30}


def test_the_keyboard_alone_answers_the_questions(server: Server, browser_page: Page) -> None:
    page = browser_page
    page.goto(f"{server.address}/why")

    def tab_to(selector: str) -> None:
        for _ in range(60):
            page.keyboard.press("Tab")
            if page.evaluate("(s) => document.activeElement.matches(s)", selector):
                return
        raise AssertionError(f"the keyboard does not reach {selector}")

    tab_to("#age")
    page.keyboard.type("68")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("What is your sex?")
    tab_to("button[value=male]")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Where is it?")
    tab_to("input[value=calf]")
    page.keyboard.press("Space")
    tab_to("button.main")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("When does it come?")
    tab_to("summary")
    page.keyboard.press("Enter")
    expect(page.locator("details[open]")).to_be_visible()
    answers = call(server, "/api/interview")["answers"]
    assert answers == [{"age": 68}, {"sex": "male"}, {"screen": "where", "choices": ["calf"]}]


def test_nothing_is_wider_than_the_smallest_screen_or_needs_a_script(server: Server, chromium: Browser) -> None:
    context = chromium.new_context(viewport={"width": 320, "height": 640}, java_script_enabled=False, locale="en-GB")
    page = context.new_page()

    page.goto(f"{server.address}/why")
    page.get_by_label("Age in years").fill("68")
    press(page, "Next")
    press(page, "Female")
    page.get_by_label("Calf").check()
    press(page, "Next")
    assert heading(page) == "When does it come?"
    context.close()
    tell(server, *OPENING[3:])
    context = chromium.new_context(viewport={"width": 320, "height": 640}, locale="de-DE")
    page = context.new_page()
    for path in (
        "/why",
        "/why/answer",
        "/helps",
        "/evidence/calcium",
        "/evidence/hard_knot",
        "/evidence/nhanes_recalc",
    ):
        page.goto(server.address + path)
        for details in page.locator("details").all():
            details.evaluate("e => { e.open = true; }")
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, path
    context.close()


def test_german_is_spoken(server: Server, chromium: Browser) -> None:
    context = chromium.new_context(viewport={"width": 375, "height": 700}, locale="de-DE")
    page = context.new_page()
    page.goto(f"{server.address}/why")
    assert page.locator("html").get_attribute("lang") == "de"
    assert heading(page) == "Wie alt sind Sie?"
    page.get_by_label("Alter in Jahren").fill("68")
    press(page, "Weiter")
    press(page, "Weiblich")
    assert heading(page) == "Wo ist es?"
    tell(server, *OPENING[2:])
    page.reload()
    assert page.get_by_role("button", name="Weiß ich nicht").is_visible()
    page.goto(f"{server.address}/why/answer")
    expect(page.get_by_role("heading", name="Was es erklärt")).to_be_visible()
    context.close()


@pytest.mark.parametrize("told", [False, True])
def test_what_helps_shows_effects_and_what_is_not_suggested(server: Server, browser_page: Page, told: bool) -> None:
    page = browser_page
    if told:
        tell(server, *OPENING, {"medicines": ["warfarin"], "complete": True})
    page.goto(f"{server.address}/helps")
    titles = page.locator("main h2").all_inner_texts()
    assert titles == [
        "In the cramp, now",
        "What may prevent it",
        "Ask a doctor or pharmacist first",
        "No benefit shown",
        "What Soleus will not suggest, and why",
    ]
    quinine = page.locator("#quinine")
    expect(quinine).to_contain_text("Not offered here")
    stretches = page.locator("#pre_sleep_stretch")
    expect(stretches).to_contain_text("-1.2 (-1.8 to -0.6)")
    stretches.get_by_text("Harms and who must not").click()
    expect(stretches.locator("svg.interval").first).to_be_visible()
    expect(page.locator("#vitamin_k2 .note.bad")).to_have_count(1 if told else 0)


def test_starting_over_keeps_the_old_answers(server: Server, browser_page: Page) -> None:
    page = browser_page
    tell(server, *OPENING)
    page.goto(f"{server.address}/why/answer")
    press(page, "Start over")
    assert heading(page) == "How old are you?"
    assert call(server, "/api/interview")["answers"] == []
