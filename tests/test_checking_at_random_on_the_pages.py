"""抽查 on the pages: plan, draw, repeat, record sheets, rates, and a finding from a wrong sheet."""

import io
from datetime import timedelta
from hashlib import sha256

import pytest
from openpyxl import load_workbook
from pages.desks import at_the_desk

from workflow.store.models import Finding, SpotCheck, SpotCheckSheet

WORD_TOO = "青山不老，绿水长流，第七号"
PLANS = "/inspect/spot-checks"


@pytest.fixture
def closed(county, case_at):
    """Three closed cases in a published log."""
    cases = [case_at("enquire") for _ in range(3)]
    for case in cases:
        county.staff["vlia1"].withdraws(case)
    county.night()
    return cases


def plans(desk, **answers):
    typed = {"kind": "special", "first": "2026-03-01", "last": "2026-03-02", "word": WORD_TOO, **answers}
    return desk.submits(desk.opens(PLANS), **typed)


def grow(county):
    case = county.staff["vlia1"].files(*county.household())
    for _ in range(25):
        county.staff["vlia1"].attaches(case, "invoice")
    county.night()


@pytest.fixture
def drawn(county, closed):
    """A sample of all three, and the inspector's desk."""
    desk = at_the_desk(county, "insp")
    plans(desk)
    grow(county)
    desk.submits(desk.opens(f"{PLANS}/1"), f"{PLANS}/1/draw", word=WORD_TOO)
    return desk


def sheet(county, desk, **wrong):
    """The page of the first case, filled in."""
    case = county.rows(SpotCheckSheet, SpotCheckSheet.place == 1)[0].case_id
    answers = {f"item.{name}": "right" for name in county.house.spot_checks().sheet}
    address = f"{PLANS}/1/cases/{case}"
    return desk.submits(desk.opens(address), address, **{**answers, **wrong})


def test_a_plan_is_made_and_waits_for_the_log(county, closed):
    desk = at_the_desk(county, "insp")
    assert PLANS in desk.opens("/inspect").links()
    refused = plans(desk, first="1.3.2026", word="12345678901")
    assert refused.status == 422 and set(refused.errors()) == {"first", "word"}
    assert set(plans(desk, word="短").errors()) == {"word"}
    assert set(plans(desk, last="2026-04-01").errors()) == {"last"}
    page = plans(desk)
    assert page.path == f"{PLANS}/1" and "还不能抽取" in page.words
    assert county.rows(SpotCheck)[0].word is None
    assert sha256(WORD_TOO.encode()).hexdigest() in page.words and WORD_TOO not in page.words
    early = desk.submits(page, f"{PLANS}/1/draw", word=WORD_TOO)
    assert early.status == 409 and "还差" in early.errors()["word"]


def test_a_plan_may_wait_for_a_day(county, closed):
    desk = at_the_desk(county, "insp")
    assert set(plans(desk, trigger="day").errors()) == {"on"}
    today = county.today
    assert set(plans(desk, trigger="day", on=today.isoformat()).errors()) == {"on"}
    assert set(plans(desk, trigger="day", on=(today + timedelta(days=367)).isoformat()).errors()) == {"on"}
    assert county.rows(SpotCheck) == []
    day = (today + timedelta(days=1)).isoformat()
    page = plans(desk, trigger="day", on=day)
    assert page.path == f"{PLANS}/1" and f"日志在{day}零时以后的第一条时间记录" in page.words
    assert desk.submits(page, f"{PLANS}/1/draw", word=WORD_TOO).status == 409
    for _ in range(2):
        county.clock.at += timedelta(days=1)
        county.night()
    desk = at_the_desk(county, "insp")
    shown = desk.submits(desk.opens(f"{PLANS}/1"), f"{PLANS}/1/draw", word=WORD_TOO)
    assert shown.status == 200 and "条时的根" in shown.words and county.rows(SpotCheck)[0].draw_on is not None
    assert "一件不差" in desk.opens(f"{PLANS}/1/repeat").words


def test_it_is_drawn_and_drawn_again(county, drawn):
    wrong = at_the_desk(county, "insp")
    page = drawn.opens(f"{PLANS}/1")
    assert "抽到的3件" in page.words and WORD_TOO in page.words
    again = drawn.opens(f"{PLANS}/1/repeat")
    assert "一件不差" in again.words
    frame = wrong.client.get(f"{PLANS}/1/frame.json").data
    assert sha256(frame).hexdigest() in page.words
    assert "不符" not in again.words


def test_a_sheet_is_kept_and_leads_to_the_next_case(county, drawn):
    first = county.rows(SpotCheckSheet, SpotCheckSheet.place == 1)[0].case_id
    open_page = drawn.opens(f"{PLANS}/1/cases/{first}")
    short = drawn.submits(open_page, **{"item.survey": "right"})
    assert short.status == 422 and "item.review" in short.errors() and "item.survey" not in short.errors()
    done = sheet(county, drawn)
    assert "没有不符合的项目" in done.words
    second = county.rows(SpotCheckSheet, SpotCheckSheet.place == 2)[0].case_id
    assert f"{PLANS}/1/cases/{second}" in done.links()
    result = drawn.opens(f"{PLANS}/1")
    assert "100.0%" in result.words and "1/1" in result.words and "20.7%–100.0%" in result.words


def test_a_wrong_sheet_becomes_a_finding_with_one_click(county, drawn):
    page = sheet(county, drawn, **{"item.posting": "wrong", "remark": "第二榜没有照片"})
    assert "1项不符合" in page.words
    made = drawn.submits(page, page.path + "/finding")
    assert made.path.startswith("/inspect/findings/") and "三榜公示记录齐全" in made.words
    assert "第二榜没有照片" in made.words
    (found,) = county.rows(Finding)
    assert found.state == "drafted" and found.case_id == county.rows(SpotCheckSheet)[0].case_id
    assert "0/1" in drawn.opens(f"{PLANS}/1").words


def test_the_result_is_taken_away_and_printed(county, drawn):
    sheet(county, drawn, **{"item.category": "wrong"})
    book = load_workbook(io.BytesIO(drawn.client.get(f"{PLANS}/1/result.xlsx").data))
    rates = list(book.worksheets[0].values)
    whole = dict(zip(rates[3], rates[-1], strict=True))
    assert whole[next(head for head in rates[3] if head.startswith("I18"))] == 0
    assert whole[next(head for head in rates[3] if head.startswith("I17"))] == 1
    assert len(list(book.worksheets[1].values)) == 1 + 1 + 3
    pdf = drawn.client.get(f"{PLANS}/1/result.pdf")
    assert pdf.mimetype == "application/pdf" and pdf.data.startswith(b"%PDF")


def test_only_the_inspection_has_these_pages(county, drawn):
    for login in ("sup-msb", "tlead1", "capr"):
        desk = at_the_desk(county, login)
        assert desk.opens(PLANS).status == desk.opens(f"{PLANS}/1").status == 403
    assert drawn.opens(f"{PLANS}/99").status == 404
