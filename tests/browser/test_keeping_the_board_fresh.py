"""The open board asks for its parts again, keeps what one has in hand, and says when it cannot."""

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser
ASK = "window.dispatchEvent(new Event('online'))"


@pytest.fixture
def board(window):
    view = window("sup-msb")
    view.page.goto(f"{view.base}/supervise?s=overdue")
    return view.page


def asked_again(page):
    """Asks, and waits until every part is another one than before."""
    page.evaluate("document.querySelectorAll('[data-part] > *').forEach((each) => each.dataset.before = '')")
    with page.expect_response(lambda answer: answer.request.headers.get("x-poll") == "1") as answer:
        page.evaluate(ASK)
    assert answer.value.status == 200
    expect(page.locator("[data-part] > [data-before]")).to_have_count(0)


def test_numbers_come_anew_and_the_focus_stays(board):
    board.evaluate("document.querySelector('[data-part=table] tbody td a').textContent = 'old'")
    link = board.locator("[data-part=table] tbody td a").first
    link.focus()
    address = link.get_attribute("href")
    asked_again(board)
    assert board.locator("[data-part=table] tbody td a").first.text_content() != "old"
    assert board.evaluate("document.activeElement.getAttribute('href')") == address


def test_ticks_stay_and_are_counted(board):
    boxes = board.locator("[data-part=list] input[name=step]")
    boxes.nth(0).check()
    chosen = boxes.nth(0).get_attribute("value")
    asked_again(board)
    assert board.locator(f"input[value='{chosen}']").is_checked()
    assert "1" in board.locator("[data-ticked]").text_content()
    assert board.locator("[data-all]").is_visible(), "what only scripts can do is shown again"


def test_a_lost_connection_is_said_and_taken_back(board):
    note = board.locator("[data-live-note]")
    assert not note.is_visible()
    board.route("**/supervise**", lambda route: route.abort())
    board.evaluate(ASK)
    note.wait_for(state="visible")
    assert "连接断了" in note.text_content()
    board.unroute("**/supervise**")
    asked_again(board)
    expect(note).to_be_hidden()


def test_who_was_signed_out_is_told_so(board):
    board.context.clear_cookies()
    board.evaluate(ASK)
    note = board.locator("[data-live-note]")
    note.wait_for(state="visible")
    assert "已经退出登录" in note.text_content()
