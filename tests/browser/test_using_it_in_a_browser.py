"""With the keyboard alone, enlarged, in forced colours, on a slow line, with the comforts of scripts."""

import pytest
from browser.checking import PHONE
from pages.houses import PASSWORD
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def test_signing_in_with_the_keyboard_alone(window):
    view = window()
    page = view.page
    page.goto(f"{view.base}/sign-in?next=/account")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "mj-skip"
    page.keyboard.press("Enter")
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "login":
            break
    page.keyboard.type("trev1")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/account")


def test_a_refused_form_puts_the_reader_on_the_summary(window):
    view = window()
    page = view.page
    page.goto(f"{view.base}/sign-in")
    page.click("main form button")
    expect(page.locator(".mj-errors")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#login")).to_be_focused()


@pytest.mark.parametrize("address", ["/sign-in", "/postings", "/privacy", "/account", "/inbox", "/work"])
def test_at_four_hundred_per_cent_nothing_is_cut_off(window, address):
    """400 % of 1280 px is a page of 320 px."""
    view = window("vlia1", viewport={"width": 320, "height": 256})
    view.page.goto(view.base + address)
    assert view.page.evaluate("document.documentElement.scrollWidth") <= 320


def test_forced_colours_keep_signs_and_edges(window):
    view = window("vlia1", forced_colors="active")
    view.page.goto(f"{view.base}/work")
    button = view.page.locator(".mj-elder-btn").first
    assert button.evaluate("b => getComputedStyle(b).borderTopStyle") == "solid"


def test_large_print_switches_without_a_new_page_and_stays(window):
    view = window("vlia1")
    page = view.page
    page.goto(f"{view.base}/account")
    page.fill("#old", "typed before")
    page.click(".mj-elder-btn")
    page.locator("html.mj-elder").wait_for()
    assert page.input_value("#old") == "typed before"
    page.reload()
    assert page.evaluate("document.documentElement.classList.contains('mj-elder')")
    page.click(".mj-elder-btn")
    page.locator("html:not(.mj-elder)").wait_for()


def test_targets_are_large_enough_for_a_thumb(window):
    view = window("vlia1", viewport={"width": PHONE[0], "height": PHONE[1]})
    for size, least in (("0", 44), ("1", 60)):
        view.context.add_cookies([{"name": "mj_elder", "value": size, "url": view.base}])
        view.page.goto(f"{view.base}/account")
        heights = view.page.eval_on_selector_all("main .mj-btn", "all => all.map(b => b.offsetHeight)")
        assert min(heights) >= least


def test_the_question_mark_shows_the_keys_and_j_goes_down_the_list(window):
    view = window("vlia1")
    page = view.page
    page.goto(f"{view.base}/work")
    page.keyboard.press("?")
    assert page.locator("#mj-keys").is_visible()
    page.keyboard.press("Escape")
    items = page.locator("[data-list] a[data-item]:visible")
    if items.count() > 1:
        page.keyboard.press("j")
        assert items.nth(0).evaluate("item => item === document.activeElement")
        page.keyboard.press("j")
        assert items.nth(1).evaluate("item => item === document.activeElement")
        page.keyboard.press("k")
        assert items.nth(0).evaluate("item => item === document.activeElement")


@pytest.mark.parametrize(("address", "most"), [("/sign-in", 60), ("/work", 60), ("/postings", 60)])
def test_the_first_load_on_a_phone_is_light(window, address, most):
    """Kilobytes over the wire, everything counted, from an empty cache."""
    view = window("vlia1" if address == "/work" else None, viewport={"width": 390, "height": 844})
    session = view.context.new_cdp_session(view.page)
    session.send("Network.enable")
    session.send("Network.clearBrowserCache")
    received = []
    session.on("Network.loadingFinished", lambda event: received.append(event["encodedDataLength"]))
    view.page.goto(view.base + address, wait_until="networkidle")
    assert sum(received) / 1024 <= most


def test_nothing_is_asked_of_any_other_machine(window):
    view = window("vlia1")
    asked = []
    view.page.on("request", lambda request: asked.append(request.url))
    for address in ("/sign-in", "/work", "/postings", "/inbox"):
        view.page.goto(view.base + address)
    assert [url for url in asked if not url.startswith((view.base, "data:", "blob:"))] == []
