"""Using the pages in a real Chromium: with the keyboard alone, without JavaScript, and what htmx does in between."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from browser import DESKTOP, PHONE, tab_to, visit
from playwright.sync_api import Browser, Page, expect

IN_PLACE = "window.mark = 1; window.total = document.getElementById('total')"
STILL = "window.mark === 1 && window.total === document.getElementById('total')"
FOCUSED = "document.activeElement.id"


def total(page: Page) -> int:
    return int((page.locator("#total strong").text_content() or "").replace(",", ""))


def test_a_journey_with_the_keyboard_alone(browser: Browser, digest_url: str) -> None:
    with visit(browser, digest_url, **DESKTOP) as page:
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        press = page.keyboard.press
        press("/")
        page.keyboard.type("privacy")
        press("Enter")
        expect(page).to_have_url(re.compile(r"/search\?q=privacy$"))
        all_papers = total(page)
        page.evaluate(IN_PLACE)

        tab_to(page, "#facet-technique input[type=checkbox]:not(:disabled)")
        chosen = page.evaluate(FOCUSED)
        press("Space")
        page.wait_for_url(re.compile(r"technique="))
        expect(page.locator(".chips")).to_contain_text("Technique")
        assert page.evaluate(FOCUSED) == chosen
        assert page.locator(f"#{chosen}").is_checked()
        assert 0 < total(page) < all_papers

        tab_to(page, ".skip[href='#pages']")
        press("Enter")
        tab_to(page, ".pager a[rel=next]")
        press("Enter")
        page.wait_for_url(re.compile(r"page=2"))
        assert page.evaluate(STILL), "the page was loaded anew, or the announced total replaced"
        page.wait_for_function("document.activeElement.id === 'total'")
        page.wait_for_function("document.querySelector('.card').getBoundingClientRect().top < innerHeight")
        second = page.locator(".card-title").first.text_content()

        press("j")
        press("j")
        press("k")
        assert page.evaluate("document.activeElement.matches('.card:first-child .card-title a')")
        press("Enter")
        page.wait_for_url(re.compile(r"/papers/"))
        expect(page.locator("h1")).to_have_text(second or "")

        tab_to(page, "a[href='#cite']")
        press("Enter")
        tab_to(page, ".citation:nth-of-type(2) summary")
        press("Enter")
        tab_to(page, "[data-copy=cite-bibtex]")
        press("Enter")
        expect(page.locator("[data-copy=cite-bibtex]")).to_have_text("Copied")
        assert page.evaluate("navigator.clipboard.readText()").startswith("@")

        page.go_back()
        page.go_back()
        page.wait_for_url(re.compile(r"page=2"))
        assert page.locator(".card-title").first.text_content() == second
        assert page.locator(f"#{chosen}").is_checked()


@pytest.mark.parametrize("width", ["desktop", "phone"])
def test_the_same_journey_without_javascript(browser: Browser, digest_url: str, width: str) -> None:
    options = DESKTOP if width == "desktop" else PHONE
    with visit(browser, digest_url, java_script_enabled=False, **options) as page:
        page.locator("#q").fill("privacy")
        page.locator(".go").click()
        all_papers = total(page)
        if width == "phone":
            page.locator(".open-filters").click()
        page.locator("#facet-technique input:not([disabled])").first.check()
        page.locator(".apply button").click()
        page.wait_for_url(re.compile(r"technique="))
        assert 0 < total(page) < all_papers
        page.locator(".pager a[rel=next]").click()
        page.wait_for_url(re.compile(r"page=2"))
        title = page.locator(".card-title a").first
        told = title.text_content()
        title.click()
        expect(page.locator("h1")).to_have_text(told or "")
        page.locator("a[href='#cite']").click()
        page.get_by_text("BibTeX").first.click()
        expect(page.locator("#cite-bibtex")).to_be_visible()
        page.go_back()
        page.go_back()
        expect(page.locator(".page[aria-current]")).to_contain_text("2")
        expect(page.locator(".needs-js:visible")).to_have_count(0)


@pytest.fixture
def searching(browser: Browser, digest_url: str) -> Iterator[Page]:
    with visit(browser, f"{digest_url}/search?q=privacy", **DESKTOP) as page:
        page.evaluate(IN_PLACE)
        yield page


def test_filters_change_in_place_and_back_undoes_them(searching: Page) -> None:
    page, steps = searching, [total(searching)]
    for number in range(2):
        box = page.locator("#facet-technique > fieldset > ul > li > label > input:not([disabled])").nth(number)
        with page.expect_response(re.compile("technique=")):
            box.check()
        expect(page.locator(".chip:not(.clear)")).to_have_count(number + 2)
        steps.append(total(page))
    assert steps[1] < steps[0]
    assert steps[2] > steps[1]
    assert page.evaluate(STILL)
    page.go_back()
    expect(page.locator("#total strong")).to_have_text(str(steps[1]))
    expect(page.locator("#facet-technique input:checked")).to_have_count(1)
    page.go_back()
    expect(page.locator("#total strong")).to_have_text(str(steps[0]))
    expect(page.locator("#facet-technique input:checked")).to_have_count(0)
    page.go_forward()
    expect(page.locator("#total strong")).to_have_text(str(steps[1]))
    page.reload()
    expect(page.locator("#total strong")).to_have_text(str(steps[1]))


def test_sort_years_and_chips_change_in_place(searching: Page) -> None:
    page = searching
    before = total(page)
    page.locator("#sort").focus()
    page.locator("#sort").select_option("oldest")
    page.wait_for_url(re.compile(r"sort=oldest"))
    assert page.evaluate(FOCUSED) == "sort"
    page.locator("#year_from").fill("2024")
    page.keyboard.press("Tab")
    page.wait_for_url(re.compile(r"year_from=2024"))
    expect(page.locator(".chips")).to_contain_text("2024")
    assert page.evaluate(FOCUSED) == "year_to"
    assert total(page) < before
    box = page.locator("#facet-technique input:not([disabled])").first
    box.check()
    page.locator(".chip", has_text="Technique").click()
    expect(box).not_to_be_checked()
    page.locator(".chip", has_text="Years").click()
    expect(page.locator("#total strong")).to_have_text(str(before))
    expect(page.locator("#year_from")).to_have_value("")
    page.locator(".chip", has_text="Words").click()
    expect(page.locator("#total strong")).to_have_text("119")
    expect(page.locator("#q")).to_have_value("")
    expect(page).to_have_title("Search · Epsilon")
    assert page.evaluate(STILL)
    assert page.evaluate(f"{FOCUSED} !== ''"), "the focus fell to nowhere"


def test_what_was_folded_open_stays_open(searching: Page) -> None:
    page = searching
    page.locator("#facet-data > summary").click()
    page.locator("#more-technique > summary").click()
    with page.expect_response(re.compile("attack=")):
        page.locator("#facet-attack input:not([disabled])").first.check()
    expect(page.locator(".chips")).to_contain_text("Attack")
    assert page.locator("#facet-data").evaluate("details => details.open")
    assert page.locator("#more-technique").evaluate("details => details.open")


def test_a_slow_request_shows_that_it_is_one(searching: Page) -> None:
    page = searching
    page.route(re.compile("technique="), lambda route: (page.wait_for_timeout(400), route.continue_()))
    page.locator("#facet-technique input:not([disabled])").first.check(no_wait_after=True)
    expect(page.locator("#found")).to_have_class(re.compile("htmx-request"))
    expect(page.locator("#found")).not_to_have_class(re.compile("htmx-request"))
    expect(page.locator(".chips")).to_contain_text("Technique")


def test_filters_are_a_sheet_on_a_phone(browser: Browser, digest_url: str) -> None:
    with visit(browser, f"{digest_url}/search?q=privacy", **PHONE) as page:
        expect(page.locator("#filters")).to_be_hidden()
        page.locator(".open-filters").tap()
        expect(page.locator("#filters")).to_be_visible()
        with page.expect_response(re.compile("technique=")):
            page.locator("#facet-technique label.tick").first.tap()
        expect(page.locator(".chips")).to_contain_text("Technique")
        expect(page.locator("#filters")).to_be_visible()
        page.locator(".close").tap()
        expect(page.locator("#filters")).to_be_hidden()


def test_suggestions_are_chosen_with_the_keyboard(browser: Browser, digest_url: str) -> None:
    with visit(browser, digest_url, **DESKTOP) as page:
        page.locator("#q").press_sequentially("gradient inv")
        expect(page.locator("#suggestions")).to_be_visible()
        page.keyboard.press("ArrowDown")
        expect(page.locator("#suggestions li[aria-selected=true]")).to_contain_text("Gradient inversion")
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile("/attacks/gradient-inversion"))


def test_keys_help_and_can_be_switched_off(browser: Browser, digest_url: str) -> None:
    with visit(browser, f"{digest_url}/search", **DESKTOP) as page:
        page.keyboard.press("?")
        expect(page.locator("#help")).to_be_visible()
        page.locator("[data-keys-on]").uncheck()
        page.keyboard.press("Escape")
        expect(page.locator("#help")).to_be_hidden()
        page.evaluate("document.activeElement.blur()")
        for key in ("j", "/", "?"):
            page.keyboard.press(key)
        assert page.evaluate("document.activeElement === document.body")
        page.reload()
        assert not page.locator("[data-keys-on]").is_checked()


def test_the_theme_is_remembered(browser: Browser, digest_url: str) -> None:
    background = "getComputedStyle(document.body).backgroundColor"
    with visit(browser, digest_url, **DESKTOP, color_scheme="light") as page:
        light = page.evaluate(background)
        page.locator("[data-theme-switch]").click()
        page.locator("[data-theme-switch]").click()
        dark = page.evaluate(background)
        assert dark != light
        page.goto(f"{digest_url}/about")
        assert page.evaluate(background) == dark
        page.emulate_media(media="print")
        assert page.evaluate(background) == "rgb(255, 255, 255)"


def test_the_reading_list_stays_in_the_browser(browser: Browser, digest_url: str) -> None:
    with visit(browser, f"{digest_url}/search", **DESKTOP) as page:
        asked: list[str] = []
        title = page.locator(".card-title").first.text_content() or ""
        page.on("request", lambda request: asked.append(request.url))
        page.keyboard.press("j")
        page.keyboard.press("s")
        expect(page.locator(".kept-count")).to_have_text("1")
        assert asked == []
        page.goto(f"{digest_url}/reading-list")
        expect(page.locator(".reading a").first).to_have_text(title.strip())
        page.locator(".reading button").first.click()
        expect(page.locator("[data-reading-empty]")).to_be_visible()


def test_what_is_new_since_the_last_visit(browser: Browser, digest_url: str) -> None:
    with visit(browser, digest_url, **DESKTOP) as page:
        expect(page.locator(".is-new")).to_have_count(0)
        page.evaluate("localStorage.setItem('epsilon-visit', JSON.stringify({before: 0, last: Date.UTC(2000, 0, 1)}))")
        page.reload()
        expect(page.locator(".is-new")).not_to_have_count(0)
        expect(page.locator("[data-new-since]")).to_contain_text("only this browser")


def test_the_matrix_changes_in_place(browser: Browser, digest_url: str) -> None:
    with visit(browser, f"{digest_url}/matrix", **DESKTOP) as page:
        page.evaluate("window.stays = true")
        page.locator("select[name=rows]").select_option("data")
        expect(page.locator(".matrix .corner")).to_contain_text("Data")
        page.locator(".axes input[type=search]").fill("language")
        page.locator(".axes input[type=search]").press("Enter")
        expect(page).to_have_url(f"{digest_url}/matrix?rows=data&columns=attack&q=language")
        expect(page.locator(".chips")).to_contain_text("language")
        expect(page).to_have_title("Data × Attack – matrix · Epsilon")
        assert page.evaluate("window.stays")
        page.go_back()
        expect(page.locator("#table .chips")).to_have_count(0)
        expect(page.locator("select[name=rows]")).to_have_value("data")


def test_rows_of_the_matrix_fold_open(browser: Browser, digest_url: str) -> None:
    with visit(browser, f"{digest_url}/matrix", **DESKTOP) as page:
        rows = page.locator(".matrix tbody tr:visible")
        before = rows.count()
        button = page.locator("[data-fold]").first
        button.press("Enter")
        assert button.get_attribute("aria-expanded") == "true"
        assert rows.count() > before
    with visit(browser, f"{digest_url}/matrix", java_script_enabled=False, **DESKTOP) as page:
        assert page.locator(".matrix tbody tr:visible").count() > before
