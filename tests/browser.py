"""A real browser for tests: the machine's Chromium, driven by playwright, one for all tests of a file."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DESKTOP = {"viewport": {"width": 1280, "height": 800}}
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run Chromium, without anything that it does for itself on the network."""
    arguments = [
        "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
        "--disable-sync", "--no-first-run",
    ]  # fmt: skip
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def visit(browser: Browser, url: str, slow: dict[str, float] | None = None, **options: Any) -> Iterator[Page]:
    """Open a page as a new visitor; fail on any error in its scripts and on any request that leaves the site.

    ``slow`` is what Chromium's network emulation wants: latency in ms, throughput in bytes a second.
    """
    context = browser.new_context(**options)
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(f"script: {error}"))
    page.on("console", lambda said: wrong.append(said.text) if "Content Security Policy" in said.text else None)
    origin = "/".join(url.split("/", 3)[:3]) + "/"
    page.on("request", lambda request: None if request.url.startswith(origin) else wrong.append(request.url))
    if slow:
        session = context.new_cdp_session(page)
        session.send("Network.enable")
        session.send("Network.emulateNetworkConditions", {"offline": False, **slow})
    try:
        page.goto(url)
        yield page
        assert wrong == []
    finally:
        context.close()


def tab_to(page: Page, selector: str, backwards: bool = False) -> None:
    """Press Tab until an element has the focus."""
    key = "Shift+Tab" if backwards else "Tab"
    for _ in range(150):
        if page.evaluate("selector => document.activeElement?.matches(selector)", selector):
            return
        page.keyboard.press(key)
    raise AssertionError(f"the keyboard doesn't reach {selector}")
