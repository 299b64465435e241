"""The whole way of one person: first start, a bad night, the morning, a week, the questions, the report."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from pypdf import PdfReader
from tests.web.conftest import Server, free_port

from soleus.app.morning import night_to_tell
from soleus.diary import open_diary

WAIT_MS = 20_000  # the outbox tries again after 15 seconds at the latest


def zone_where_it_is_six() -> str:
    """A time zone in which it is between six and seven in the morning: the night is over, and not yet told."""
    hours = (6 - datetime.now(UTC).hour + 11) % 24 - 11
    return "Etc/UTC" if hours == 0 else f"Etc/GMT{-hours:+d}"  # the sign of these names is the other way round


@pytest.fixture
def zone(monkeypatch: pytest.MonkeyPatch) -> str:
    name = zone_where_it_is_six()
    monkeypatch.setenv("TZ", name)
    return name


@pytest.fixture
def home(tmp_path: Path, zone: str) -> Iterator[Server]:
    """A computer on which Soleus was never started."""
    made = Server(tmp_path / "never" / "started", free_port())
    made.start()
    yield made
    made.kill()


@pytest.fixture
def phone(chromium: Browser, zone: str) -> Iterator[Page]:
    context = chromium.new_context(
        viewport={"width": 375, "height": 700}, locale="en-GB", timezone_id=zone, accept_downloads=True
    )
    yield context.new_page()
    context.close()


def press(page: Page, name: str) -> None:
    with page.expect_navigation():
        page.get_by_role("button", name=name, exact=True).click()


def test_from_the_first_start_to_the_report(home: Server, phone: Page, zone: str) -> None:
    page, status = phone, phone.get_by_role("status")
    page.goto(home.address)
    expect(page.get_by_text("Everything stays on this computer.")).to_be_visible()

    # three cramps at night; the server is killed after the first, and the second is tapped while it is away
    page.get_by_role("link", name="Open the night page").click()
    page.wait_for_selector("html[data-ready]", state="attached")
    page.get_by_role("button", name="Left leg").click()
    expect(status).to_have_text("In your diary", timeout=WAIT_MS)
    page.get_by_role("button", name="It has let go").click()
    home.kill()
    page.get_by_role("link", name="Another cramp").locator("visible=true").click()
    page.get_by_role("button", name="Left leg").click()
    expect(status).to_contain_text("on this phone", ignore_case=True)
    home.start()
    expect(status).to_have_text("In your diary", timeout=WAIT_MS)
    page.get_by_role("button", name="It has let go").click()
    home.kill()
    home.start()
    page.get_by_role("link", name="Another cramp").locator("visible=true").click()
    page.get_by_role("button", name="Right leg").click()
    expect(status).to_have_text("In your diary", timeout=WAIT_MS)
    page.get_by_role("button", name="It has let go").click()
    expect(status).to_have_text("In your diary", timeout=WAIT_MS)
    last = night_to_tell(datetime.now(UTC), zone)
    with open_diary(str(home.folder / "diary.sqlite")) as diary:
        cramps = diary.episodes()
    assert [(one.night_of, one.leg) for one in cramps] == [(last, "left"), (last, "left"), (last, "right")]
    assert all(one.duration_s is not None for one in cramps)

    # the morning: two in the same leg came within minutes of each other, and were two
    page.goto(f"{home.address}/morning")
    page.get_by_role("link", name="They were two").click()
    expect(page.get_by_role("link", name="They were two")).to_have_count(0)
    page.get_by_role("group", name=re.compile("Cramp at")).first.get_by_role("radio", name="7", exact=True).check()
    press(page, "Save")
    expect(page.get_by_role("heading", level=1)).to_have_text("Kept in your diary")

    # a week: six nights are filled in, one of them stays untold
    for days in range(1, 6):
        page.goto(f"{home.address}/morning/{last - timedelta(days=days)}")
        press(page, "No cramps that night")
    page.goto(f"{home.address}/diary")
    expect(page.get_by_text("6 of ").first).to_be_visible()

    # the questions
    page.goto(f"{home.address}/why")
    page.get_by_label("Age in years").fill("68")
    press(page, "Next")
    press(page, "Female")
    for _ in range(60):
        kinds = [page.get_by_role("button", name=name, exact=True) for name in ("No", "Don't know")]
        present = next((one for one in kinds if one.count()), None)
        if present is None:
            break
        with page.expect_navigation():
            present.click()
    page.goto(f"{home.address}/why/answer")
    expect(page.get_by_role("heading", level=1)).to_have_text("What it may be")

    # the report
    page.goto(f"{home.address}/report")
    page.get_by_label("Your own question to the doctor").fill("Is my calcium to blame?")
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save as PDF").click()
    text = PdfReader(io.BytesIO(Path(saved.value.path()).read_bytes())).pages[0].extract_text()
    assert "Is my calcium to blame?" in text
    assert "68" in text
