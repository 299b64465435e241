"""Every page, as people meet it: reachable by all (axe), on the smallest screen, in both languages and both themes."""

from __future__ import annotations

import json
import re
import urllib.request
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import html5lib
import pytest
from fastapi.routing import APIRoute
from playwright.sync_api import Browser

from soleus.app.web import page_routes
from soleus.app.web.house import House
from soleus.core.record import Episode, Factor, Leg, Night, Sample
from soleus.diary import Diary, open_diary
from soleus.report.language import LANGUAGES, Language

AXE = Path(__file__).with_name("axe.min.js")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
NOW = datetime.now(UTC)
NIGHT = date.today() - timedelta(days=9)

PAGES = (
    "/",
    "/night",
    "/morning",
    f"/morning/{NIGHT}",
    "/diary",
    f"/diary/night/{NIGHT}",
    "/measurements",
    "/measurements/calcium",
    "/measurements/add",
    "/why",
    "/why/answer",
    "/evidence/hypocalcemia",
    "/evidence/trousseau_sign",
    "/evidence/calcium",
    "/helps",
    "/report",
    "/settings",
    "/settings/erase",
    "/settings/erased",
    "/settings/audit",
    "/api/docs",
    "/more",
    "/link",
    "/no-such-page",
)


def fill(diary: Diary) -> None:
    """Ten weeks of nights (with, without, missing, told late), circumstances and measurements; words in no language."""
    entries: list[Episode | Night | Factor | Sample] = []
    for i in range(2, 72):
        night = date.today() - timedelta(days=i)
        at = datetime(night.year, night.month, night.day, 2, 10, tzinfo=UTC) + timedelta(days=1)
        told: dict[str, Any] = {"recorded_at": at + timedelta(hours=5), "zone": "UTC", "night_of": night}
        if i % 7 in (1, 4):
            leg: Leg = "left" if i % 2 else "right"
            entries.append(
                Episode(id=f"e{i}", started_at=at, duration_s=95.0, pain=6, leg=leg, muscle="calf", woke=True, **told)
            )
        elif i % 9:
            entries.append(Night(id=f"n{i}", cramps=0, slept_h=7.0, quality=6, **told))
        entries.append(Factor(id=f"f{i}", name="alcohol", value=float(i % 3 == 0), **told))
        if i % 20 == 3:
            told = {"recorded_at": at, "zone": "UTC", "taken_at": at, "clock_known": False}
            entries.append(
                Sample(id=f"s{i}", quantity="calcium", value=2.15 + i / 1000, unit="mmol/L", low=2.2, **told)
            )
    added = diary.add(entries, now=NOW)
    assert not added.problems, added.problems


def send(address: str, path: str, body: object, method: str = "POST") -> Any:
    """Send JSON to the API and return the answer."""
    request = urllib.request.Request(
        address + path, json.dumps(body).encode(), {"Content-Type": "application/json"}, method=method
    )
    with urllib.request.urlopen(request, timeout=30) as response:
        return json.loads(response.read())


@pytest.fixture(scope="module")
def lived_in(tmp_path_factory: pytest.TempPathFactory, make_server: Any) -> Iterator[str]:
    """The address of a server whose diary holds ten weeks and an interview."""
    folder = tmp_path_factory.mktemp("lived_in")
    with open_diary(str(folder / "diary.sqlite")) as diary:
        fill(diary)
    server = make_server(folder)
    server.start()
    interview(server.address)
    yield server.address
    server.kill()


def interview(address: str) -> None:
    """Answer the opening and a dozen questions, as an ordinary person of 68 would."""
    state = send(address, "/api/interview/answers", {"age": 68})
    state = send(address, "/api/interview/answers", {"sex": "female"})
    for i in range(14):
        asked = state["next"]
        if asked["kind"] == "complaint":
            known = {one["id"] for one in asked["options"]} & {
                "calf",
                "night",
                "minutes",
                "months",
                "weekly",
                "stretching",
            }
            answer: dict[str, Any] = {"screen": asked["about"], "choices": sorted(known)}
        elif asked["kind"] == "question":
            answer = {"finding": asked["about"], "answer": ("no", "unknown")[i % 2]}
        else:
            break
        state = send(address, "/api/interview/answers", answer)


def send_get(address: str, path: str) -> Any:
    """Return the JSON at an address."""
    with urllib.request.urlopen(address + path, timeout=30) as response:
        return json.loads(response.read())


def test_no_page_is_forgotten() -> None:
    """Every page without an id in its address is in the list above."""
    known = {
        route.path
        for router in page_routes()
        for route in router.routes
        if isinstance(route, APIRoute) and "GET" in route.methods
    }
    plain = {path for path in known if "{" not in path and path not in NO_PAGES}
    assert plain <= set(PAGES)


NO_PAGES = {"/sw.js", "/settings/export"}  # files, not pages


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("language", list(LANGUAGES))
def test_every_page_is_accessible_and_fits_320_px(chromium: Browser, lived_in: str, language: str, theme: Any) -> None:
    """No violation by axe-core on any page, and nothing to scroll sideways on the narrowest screen."""
    locale = {"en": "en-GB", "de": "de-DE"}[language]
    context = chromium.new_context(
        viewport={"width": 320, "height": 640},
        locale=locale,
        color_scheme=theme,
        service_workers="block",
        bypass_csp=True,
    )
    page = context.new_page()
    wrong = []
    for address in PAGES:
        page.goto(lived_in + address, wait_until="load")
        assert page.locator("html").get_attribute("lang") == language
        page.add_script_tag(path=str(AXE))
        found = page.evaluate("rules => axe.run(document, {runOnly: rules})", RULES)
        for violation in found["violations"]:
            nodes = [node["html"][:160] for node in violation["nodes"][:3]]
            wrong.append((address, violation["id"], nodes))
        if page.evaluate("document.scrollingElement.scrollWidth") > 320:
            wrong.append((address, "wider than 320 px", []))
    context.close()
    assert wrong == []


def visible_text(html: str) -> Iterator[str]:
    """Return the text that a person sees or hears, without what is marked as another language or is no language."""
    tree = html5lib.parse(html, namespaceHTMLElements=False)

    def walk(element: Any) -> Iterator[str]:
        tag = element.tag if isinstance(element.tag, str) else ""
        if tag in ("script", "style", "code", "time-zone") or (tag != "html" and element.get("lang") == "en"):
            return
        for name in ("aria-label", "alt", "title", "placeholder"):
            if element.get(name):
                yield element.get(name)
        if element.text:
            yield element.text
        for child in element:
            yield from walk(child)
            if child.tail:
                yield child.tail

    yield from walk(tree)


def untold(text: str) -> str:
    """Return what is left of a text when everything told through the catalogs (in brackets) is taken out."""
    while (less := re.sub(r"⟦[^⟦⟧]*⟧", " ", text)) != text:
        text = less
    return text


# names, units, and what the person named: the appendix of the report shows measurements as they were recorded
NAMES = (
    r"Soleus|soleus|Python [\d.]+|Etc/UTC|English|Deutsch|mmol/L|mg/dL|PDF|CSV|JSON|API|OpenAPI|http\S*|UTC|Europe/\w+"
    r"|[\w.-]+\.sqlite|/\S+|alcohol|calcium"
    r"|\d+\. (Jan|Feb|März|Apr|Mai|Jun|Jul|Aug|Sep|Okt|Nov|Dez)\w*|[\d,]+ (min|h|s)\b"
)


class Brackets(Language):
    """German dates, and everything told in brackets."""

    def day(self, day: date, form: str = "long") -> str:
        return f"⟦{super().day(day, form)}⟧"


@pytest.mark.parametrize("address", PAGES)
def test_every_word_can_be_translated(address: str, monkeypatch: pytest.MonkeyPatch, house: House, here: Any) -> None:
    """In a language that puts brackets round everything it tells, no word of a page stands outside of brackets."""
    brackets = Brackets("de", lambda text, plural, n: f"⟦{plural if plural and n != 1 else text}⟧")
    monkeypatch.setattr("soleus.app.web.page.load_language", lambda code: brackets)
    fill(house.diary)
    here.post("/api/interview/answers", json={"age": 68})
    here.post("/api/interview/answers", json={"sex": "female"})
    html = here.get(address, headers={"accept-language": "de"}).text
    left = re.sub(NAMES, " ", untold(" ".join(visible_text(html))))
    assert re.findall(r"[A-Za-zÄÖÜäöüß]{3,}", left) == []


REACHABLE = """() => {
  const all = [...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary')];
  const open = all.filter(e => e.checkVisibility({visibilityProperty: true}) && !e.disabled && e.tabIndex >= 0);
  const group = e => e.type === 'radio' ? 'radio ' + (e.form ? e.form.action : '') + e.name : null;
  window.reached = new Set();
  window.groups = new Set();
  window.note = e => { window.reached.add(e); if (group(e)) window.groups.add(group(e)); };
  window.left = () => open.filter(e => !window.reached.has(e) && !(group(e) && window.groups.has(group(e))));
  document.addEventListener('focusin', event => window.note(event.target));
  return open.length;
}"""


def test_everything_can_be_reached_without_a_pointer(chromium: Browser, lived_in: str) -> None:
    """The Tab key comes to every link, button, field and fold that is shown; of radio buttons, to each group."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB", service_workers="block")
    page = context.new_page()
    missed = []
    for address in PAGES:
        page.goto(lived_in + address, wait_until="load")
        for _ in range(page.evaluate(REACHABLE) + 20):  # a date has a stop for each of its parts
            page.keyboard.press("Tab")
        left = page.evaluate("window.left().map(e => e.outerHTML.slice(0, 120))")
        missed += [(address, one) for one in left]
    context.close()
    assert missed == []
