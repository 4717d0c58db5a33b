"""The page of rules and versions: propose, see what changes in words, release or reject as another person."""

import pytest
from pages.houses import staffed_house
from pages.visiting import Visitor

from web import create_app
from web.limits import limiter
from workflow.releasing import doing
from workflow.releasing.differences import differences

OLD, NEW = b"[D05]\namount = 5", b"[D05]\namount = 10"


@pytest.fixture
def app():
    house = staffed_house()
    app = create_app(house, testing=True)
    limiter.reset()
    yield app
    house.close()


@pytest.fixture
def signed_in(app):
    def signed_in(login):
        visitor = Visitor(app)
        visitor.signs_in(login)
        return visitor

    return signed_in


@pytest.fixture
def files(app):
    return doing.newest_files(app.extensions["mingjian.house"])[1]


def test_one_proposes_on_the_page_and_another_releases(app, signed_in, files):
    handler, approver = signed_in("chnd"), signed_in("capr")
    page = handler.opens("/policy")
    assert "现行" in page.words and page.status == 200
    changed = files["limits.toml"].replace(OLD, NEW)
    made = handler.submits(page, "/policy/proposals", files=("limits.toml", changed), note="改为十个工作日")
    assert made.status == 200 and made.path == "/policy/proposals/1", made.words
    assert "改了1个文件" in made.words and "改为十个工作日" in made.words
    assert "放行，对新案件生效" not in made.words, "not by whoever proposed"
    seen = approver.opens("/policy/proposals/1")
    done = approver.submits(seen, "/policy/proposals/1/release")
    assert "已放行" in done.words
    assert app.extensions["mingjian.house"].rules().terms[""].limits["D05"].amount == 10
    assert "第1号" in handler.opens("/policy").words


def test_a_rejection_needs_a_reason(signed_in, files):
    handler, approver = signed_in("chnd"), signed_in("capr")
    changed = files["limits.toml"].replace(OLD, NEW)
    handler.submits(handler.opens("/policy"), "/policy/proposals", files=("limits.toml", changed))
    seen = approver.opens("/policy/proposals/1")
    wrong = approver.submits(seen, "/policy/proposals/1/reject", reason="不")
    assert wrong.status == 422 and "reason" in wrong.errors()
    done = approver.submits(seen, "/policy/proposals/1/reject", reason="上级文件还没有印发")
    assert "已退回" in done.words and "上级文件还没有印发" in done.words


def test_a_proposal_can_be_withdrawn_on_the_page(signed_in, files):
    handler = signed_in("chnd")
    changed = files["limits.toml"].replace(OLD, NEW)
    made = handler.submits(handler.opens("/policy"), "/policy/proposals", files=("limits.toml", changed))
    assert "已撤回" in handler.submits(made, "/policy/proposals/1/withdraw").words


def test_faults_are_told_with_file_and_place(signed_in, files):
    handler = signed_in("chnd")
    broken = files["limits.toml"].replace(OLD, b'[D05]\namount = "five"')
    page = handler.submits(handler.opens("/policy"), "/policy/proposals", files=("limits.toml", broken))
    assert page.status == 422 and "limits.toml" in page.words and "D05" in page.words
    none = handler.submits(handler.opens("/policy"), "/policy/proposals", files=None)
    assert none.status == 422 and "files" in none.errors()
    date = handler.submits(
        handler.opens("/policy"), "/policy/proposals", files=("limits.toml", broken), valid_from="明年"
    )
    assert date.status == 422 and "valid_from" in date.errors()
    bomb = handler.submits(handler.opens("/policy"), "/policy/proposals", files=("rules.zip", b"PK no zip"))
    assert bomb.status == 422 and "不是完整的zip" in bomb.words


def test_who_may_only_read_sees_no_button(signed_in):
    for login in ("sup-msb", "insp", "adm"):
        page = signed_in(login).opens("/policy")
        assert page.status == 200 and "检查并提出" not in page.words
    assert signed_in("trev1").opens("/policy").status == 403


def test_the_files_can_be_taken_along(signed_in):
    page = signed_in("chnd").opens("/policy/files.zip")
    assert page.headers["Content-Type"] == "application/zip"


def test_differences_are_told_in_words(files):
    plan = "policies/plan-2026/policy.toml"
    changes = {
        "limits.toml": (OLD, NEW),
        "flows/sub_archive.bpmn": ("整理归档案卷".encode(), "整理案卷".encode()),
        plan: (b"limit = 150000", b"limit = 160000"),
    }
    new = {path: text.replace(*changes[path]) if path in changes else text for path, text in files.items()}
    del new["letters/rights.toml"]
    new["forms/new.toml"] = b'id = "new"'
    found = {each.path: each for each in differences(files, new)}
    assert found["forms/new.toml"].kind == "added" and found["letters/rights.toml"].kind == "removed"
    line = found["limits.toml"].lines[0]
    assert (line.old, line.new) == ("5", "10") and "D05" in line.place.zh
    name = found["flows/sub_archive.bpmn"].lines[0]
    assert (name.old, name.new) == ("整理归档案卷", "整理案卷") and "名称" in name.place.zh
    assert [(each.old, each.new) for each in found[plan].lines] == [("150000", "160000")]
    table = "policies/plan-2026/tariff.dmn"
    assert b"0.7" in files[table]
    cells = differences({table: files[table]}, {table: files[table].replace(b"0.7", b"0.8")})
    assert cells[0].lines and all(each.old != each.new for each in cells[0].lines)
