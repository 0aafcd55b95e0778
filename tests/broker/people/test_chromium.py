"""One journey in a real browser: what httpx cannot hold, such as cookies, policies and origins as a browser understands them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.broker.people.signing import Visited

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
#: what a page of another site would do with somebody's session
EVIL = """async (url) => {
  try { return (await fetch(url, {method: 'POST', credentials: 'include', mode: 'no-cors', body: '{}'})).type }
  catch (error) { return 'refused' }
}"""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Debian's browser, headless; in CI its absence is an error, not a skip."""
    found = shutil.which("chromium")
    if found is None:
        reason = "there is no chromium (apt-get install chromium)"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(locale="nl-NL")
    page = context.new_page()
    page.set_default_timeout(60_000)
    yield page
    context.close()


def sign_in(page: Page, visited: Visited, path: str = "/sign-in") -> None:
    page.goto(visited.origin + path)
    page.get_by_label("Login").fill("officer-1")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{visited.origin}/sign-in?**")


def test_a_privacy_officer_signs_in_looks_around_and_signs_out_on_both_sides(page: Page, visited: Visited) -> None:
    broken: list[str] = []
    page.on("console", lambda said: broken.append(said.text) if said.location["url"].startswith(visited.origin) else None)
    sign_in(page, visited, "/sign-in?return=/v1/covenants/waterstad-noord/history")
    expect(page.get_by_role("heading", name="U bent aangemeld")).to_be_visible()
    expect(page.get_by_text("Als functionaris gegevensbescherming van Gemeente Waterstad")).to_be_visible()
    assert page.evaluate("getComputedStyle(document.querySelector('.button')).backgroundColor") == "rgb(21, 66, 115)", "the style applies"
    assert page.evaluate("document.cookie") == "", "no script reads the session"

    page.get_by_role("link", name="English").click()
    expect(page.get_by_role("heading", name="You are signed in")).to_be_visible()
    page.get_by_role("link", name="Go on to").click()
    assert '"steps"' in page.inner_text("body")
    page.go_back()

    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="Yes, sign me out").click()
    page.wait_for_url(f"{visited.origin}/sign-in/ended**")
    expect(page.get_by_role("heading", name="U bent afgemeld")).to_be_visible()
    page.goto(f"{visited.origin}/v1/session")
    assert "unauthenticated" in page.inner_text("body")
    page.goto(visited.origin + "/sign-in")
    expect(page.get_by_label("Login")).to_be_visible()
    assert [text for text in broken if "401" not in text and "404" not in text] == [], "but for the session that ended, and an icon"


def test_another_sites_page_does_nothing_with_a_session(page: Page, visited: Visited) -> None:
    sign_in(page, visited)
    before = visited.house.mark()
    page.goto("about:blank")
    page.evaluate(EVIL, f"{visited.origin}/v1/covenants/activations")
    page.evaluate(EVIL, f"{visited.origin}/sign-out")
    assert visited.house.since(before) == []
    page.goto(f"{visited.origin}/v1/session")
    assert visited.pseudonym("officer-1") in page.inner_text("body")


def test_our_pages_run_no_script_and_stand_in_no_frame(page: Page, visited: Visited) -> None:
    sign_in(page, visited)
    page.evaluate("""() => {
        const script = document.createElement('script');
        script.textContent = 'window.ran = true';
        document.body.append(script);
    }""")
    assert page.evaluate("window.ran") is None
    page.goto("about:blank")
    page.set_content(f'<iframe src="{visited.origin}/sign-in"></iframe>')
    page.wait_for_timeout(300)
    assert "aangemeld" not in page.frames[-1].content()
