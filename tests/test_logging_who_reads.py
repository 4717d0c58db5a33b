"""Whoever looks at a case leaves a trace in a log of its own: who, when, what, and why where it is asked."""

import pytest
from house_templates import guards_down
from pages.desks import at_the_desk
from sqlalchemy import event

import audit
from audit import READS, SYSTEM_CHAIN, chain_of
from audit.checker.mingjian_check import Report, read_policy
from audit.mirror import Mirror, source_reader
from audit.tables import audit_entry
from web import create_app, reads
from workflow.errors import NotAllowed
from workflow.store.models import ListedReading, Paper

on_sqlite = pytest.mark.parametrize("county", ["sqlite"], indirect=True)
SHOWS_NOTHING = {
    "case.diagram": "a drawing of the rule book",
    "inspect.diagram": "a drawing of the rule book",
    "case.paper_view": "the frame of a picture; the picture itself is read",
    "evidence.show": "asks why, and shows nothing of the case but its number",
    "evidence.take": "the export, which is logged with its reason before it leaves",
    "work.draft": "keeps what was typed and shows nothing",
    "register.add_person": "shows only what was typed",
}


def system_reads(county):
    with county.house.reader.connect() as conn:
        found = [one.entry for one in audit.entries(conn, chain_of(SYSTEM_CHAIN, READS))]
    return [entry for entry in found if entry["type"] == "file_read"]


def what(entries):
    return [entry["vars"]["what"] for entry in entries]


@on_sqlite
def test_every_address_that_names_a_case_or_a_person_says_what_it_shows(county):
    app = create_app(county.house, testing=True)
    silent = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if {"case_id", "person_id", "letter_id"} & rule.arguments
        and not hasattr(app.view_functions[rule.endpoint], reads.ATTRIBUTE)
    }
    assert silent <= SHOWS_NOTHING.keys(), "either it shows something, or it is named above with the reason"
    for endpoint in ("case.index", "case.find", "inspect.index", "register.find"):
        assert hasattr(app.view_functions[endpoint], reads.ATTRIBUTE)


def test_opening_a_case_its_papers_and_letters_is_logged(county, case_at, county_handler):
    case = case_at("deliver_letter")
    reader = at_the_desk(county, "chnd")
    paper = county.rows(Paper, Paper.case_id == case.id)[0]
    letter = case.letters["approval_decision"]
    seq = case.row.seq
    for address in (
        f"/cases/{case.id}",
        f"/cases/{case.id}/papers/{paper.id}",
        f"/letters/{letter.id}",
        f"/cases/{case.id}/entries/1/form",
    ):
        assert reader.opens(address).status == 200
    assert what(case.reads) == ["case", "paper", "letter", "form"]
    for entry in case.reads:
        assert entry["log"] == READS and entry["case"] == str(case.id)
        assert (entry["actor"]["id"], entry["actor"]["role"]) == (county_handler.actor.account_id, "CHND")
    assert case.reads[1]["vars"]["paper"] == paper.id and case.reads[2]["vars"]["letter"] == letter.id
    assert case.row.seq == seq, "a reading moves no case"


def test_a_search_is_one_entry_that_names_what_it_found_and_not_whom(county, case_at):
    cases = [case_at("check_papers") for _ in range(3)]
    reader = at_the_desk(county, "chnd")
    before = len(system_reads(county))
    token = reader.opens("/cases").tree.xpath("//input[@name='csrf_token']/@value")[0]
    page = reader.posts("/cases", {"csrf_token": token, "person": "欧阳福根"})
    assert page.status == 200
    listed, searched = system_reads(county)[before:]
    assert what([listed, searched]) == ["list", "search"]
    assert set(searched["vars"]["cases"]) == {case.id.hex for case in cases}
    assert "欧阳福根" not in str(searched)
    rows = county.rows(ListedReading, ListedReading.seq == searched["seq"])
    assert {row.case_id for row in rows} == {case.id for case in cases}


@on_sqlite
def test_looking_somebody_up_in_the_register_is_logged_found_or_not(county, case_at):
    case = case_at("check_papers")
    window = at_the_desk(county, "twin1")
    number = case.row.applicant_id
    window.submits(window.opens("/register"), "", id_number="11010519491231002X")
    assert window.opens(f"/register/people/{number}").status == 200
    found = system_reads(county)
    assert what(found) == ["search", "person"] and found[1]["vars"]["person"] == number


@on_sqlite
def test_a_page_that_leads_on_shows_nothing_and_an_error_shows_nothing(county, case_at):
    case = case_at("check_papers")
    visitor = at_the_desk(county, "twin2")
    assert visitor.opens(f"/cases/{case.id}").status == 403
    assert [entry["type"] for entry in case.reads] == ["attempt_refused"]
    assert at_the_desk(county, "chnd").opens("/cases/00000000-0000-4000-8000-000000000000").status == 404


@on_sqlite
def test_what_cannot_be_written_down_is_not_shown(county, case_at, monkeypatch):
    case = case_at("check_papers")

    def broken(*args, **rest):
        raise OSError("the log cannot be written")

    monkeypatch.setattr(reads, "log_reading", broken)
    page = at_the_desk(county, "chnd").opens(f"/cases/{case.id}")
    assert page.status == 500 and "欧阳福根" not in page.text
    assert case.reads == []


def test_a_page_costs_one_transaction_however_many_cases_it_lists(county, case_at):
    for _ in range(4):
        case_at("check_papers")
    reader = at_the_desk(county, "chnd")
    reader.opens("/cases")
    commits = []
    event.listen(county.house.engine, "commit", lambda conn: commits.append(conn))
    assert reader.opens("/cases").status == 200
    assert len(commits) == 1


def test_the_log_of_reads_is_sequenced_published_verified_and_mirrored(county, case_at, tmp_path):
    case = case_at("check_papers")
    at_the_desk(county, "chnd").opens(f"/cases/{case.id}")
    done = county.house.sequencer().round()
    assert done[READS].out and done[READS].size > 0
    with county.house.reader.connect() as conn:
        assert audit.verify(conn, county.house.vault, chain=chain_of(case.id, READS)).ok
    published = county.house.home / "log"
    report = Report("reads")
    Mirror(tmp_path / "mirror", read_policy((published / "policy").read_bytes())).update(
        source_reader(str(published / "reads")), report
    )
    assert not report.counts["bad"] and report.counts["ok"]


@pytest.mark.tampers
def test_a_reading_taken_out_of_the_log_is_found(county, case_at):
    case = case_at("check_papers")
    reader = at_the_desk(county, "chnd")
    for _ in range(3):
        reader.opens(f"/cases/{case.id}")
    chain = chain_of(case.id, READS)
    with guards_down(county) as conn:
        conn.execute(audit_entry.delete().where(audit_entry.c.chain == chain, audit_entry.c.seq == 1))
    with county.house.reader.connect() as conn:
        found = audit.verify(conn, county.house.vault).first_fault
    assert (found.chain, found.seq, found.code) == (str(chain), 2, "gap")


@on_sqlite
def test_the_inspector_sees_who_looked_and_why_once_the_case_is_open(county, case_at):
    case = case_at("check_papers")
    handler = at_the_desk(county, "chnd")
    page = handler.opens(f"/cases/{case.id}")
    assert "已写入查看日志" in page.words
    handler.submits(page, f"/cases/{case.id}/reveal", what="full_id", reason="核对原件")
    handler.opens("/cases")
    with pytest.raises(NotAllowed):
        county.staff["insp"].withdraws(case)
    inspector = at_the_desk(county, "insp")
    page = inspector.opens(f"/inspect/{case.id}/readers")
    for told in ("案卷", "查看完整身份证号", "案卷目录", "被拒绝", "未开封", "医保经办人员", "链完整"):
        assert told in page.words
    assert "核对原件" not in page.words
    entry = inspector.opens(f"/inspect/{case.id}")
    assert f"/inspect/{case.id}/readers" in entry.links()
    inspector.submits(entry, f"/inspect/{case.id}", reason="信访件要求核查")
    page = inspector.opens(f"/inspect/{case.id}/readers")
    assert "核对原件" in page.words and "信访件要求核查" in page.words
    assert handler.opens(f"/inspect/{case.id}/readers").status == 403
