"""删除个人信息: two people erase what a case knows of a person; the log holds, and says what is gone."""

import json
from datetime import timedelta

import pytest
from click.testing import CliRunner
from erased import WHY, erase, propose
from house_templates import guards_down
from pages.desks import at_the_desk
from rescuing import asks, checked, granted, until
from sqlalchemy import insert, select

import audit
from audit.checker import mingjian_check
from audit.tables import audit_key, audit_vault
from workflow.cli import mingjian
from workflow.demo.staff import PASSWORD
from workflow.erasing_again import erase_again
from workflow.erasure_commands import ConfirmErasure, RefuseErasure
from workflow.errors import AnswersRefused, NotAllowed, StepImpossible
from workflow.evidence.handing_out import hand_out
from workflow.replay import replay
from workflow.store.models import Erasure, Letter, Paper, Payment, Person, Posting
from workflow.supervisor_commands import PutUnderSupervision

on_sqlite = pytest.mark.parametrize("county", ["sqlite"], indirect=True)


@pytest.fixture
def ended(county, case_at):
    case = county.drive(case_at("archive_case"), "end", {})
    county.night()
    return case


def report(county):
    with county.house.reader.connect() as conn:
        return audit.verify(conn, county.house.vault)


def keys_of(county, case):
    with county.house.reader.connect() as conn:
        return conn.execute(select(audit_key).where(audit_key.c.chain == case.id)).all()


def test_two_people_erase_and_chain_tree_and_replay_still_hold(county, ended):
    case = ended
    before, matched = case.entries, report(county).matched
    number = erase(county, case)
    assert case.entries[: len(before)] == before, "no entry has changed"
    entry = case.entries[-1]
    assert entry["type"] == "erasure"
    assert entry["vars"]["approved_by"] == [
        county.staff["arch"].actor.account_id, county.staff["capr"].actor.account_id
    ]  # fmt: skip
    assert (entry["vars"]["basis"], entry["vars"]["proposal"]) == ("order", number)
    assert entry["vars"]["through"] == entry["seq"] - 1 and "attach.0" in entry["vars"]["fields"]
    assert keys_of(county, case) == []
    found = report(county)
    assert found.ok and found.erased >= matched and found.withheld == found.mismatched == 0
    with county.house.reader.connect() as conn:
        assert replay(county.house, conn, case.id).difference is None
        opened = audit.openings(conn, county.house.vault, case.id, 0)
    assert {(one.status.value, one.erased_by, one.value) for one in opened.values()} == {
        ("ERASED", entry["seq"], None)
    }
    assert county.house.sequencer().round()[audit.LOG].out


def test_what_stands_beside_the_log_goes_too(county, ended):
    case = ended
    other = county.staff["vlia1"].files(*county.household())
    own = {row.sha256 for row in county.rows(Paper, Paper.case_id == case.id)}
    kept = {row.sha256 for row in county.rows(Paper, Paper.case_id == other.id)}
    archived = county.house.home / "archive" / f"{case.row.number}.zip"
    assert archived.exists() and own - kept
    erase(county, case)
    assert case.row.erased_at == county.clock.at and not archived.exists()
    assert all(row.fields == {} for row in county.rows(Letter, Letter.case_id == case.id))
    assert all(row.masked == row.board == {} for row in county.rows(Posting, Posting.case_id == case.id))
    assert {row.account_number for row in county.rows(Payment, Payment.case_id == case.id)} == {""}
    assert {(row.name, row.sha256) for row in county.rows(Paper, Paper.case_id == case.id)} == {("", "")}
    assert not [one for one in own - kept if county.house.files.path(one).exists()]
    assert all(county.house.files.path(one).exists() for one in kept), "another case has it too"
    assert county.rows(Person, Person.id == case.row.applicant_id), "the register is not part of the case"


def test_nobody_erases_alone_and_the_attempt_is_logged(county, ended):
    number = propose(county, ended, by="capr")
    with pytest.raises(NotAllowed) as refused:
        county.staff["capr"].does(ConfirmErasure(ended.id, number))
    assert refused.value.rule == "erasure"
    assert ended.reads[-1]["vars"] == {"action": "ConfirmErasure", "detail": "erasure"}
    for login in ("arch", "chnd", "insp", "adm", "sup-msb"):
        with pytest.raises(NotAllowed):
            county.staff[login].does(ConfirmErasure(ended.id, number))
    assert keys_of(county, ended)
    county.colleague("capr").does(ConfirmErasure(ended.id, number))
    assert not keys_of(county, ended)


@on_sqlite
def test_a_refusal_and_a_withdrawal_are_logged_and_erase_nothing(county, ended):
    number = propose(county, ended)
    with pytest.raises(AnswersRefused):
        county.staff["capr"].does(RefuseErasure(ended.id, number, ""))
    county.staff["capr"].does(RefuseErasure(ended.id, number, "判决没有生效"))
    assert (ended.entries[-1]["type"], list(ended.entries[-1]["commit"])) == ("erasure_refused", ["reason"])
    again = propose(county, ended)
    county.staff["arch"].does(RefuseErasure(ended.id, again, "改用另一项依据"))
    assert [row.state for row in county.rows(Erasure)] == ["refused", "withdrawn"]
    with pytest.raises(StepImpossible, match="decided"):
        county.staff["capr"].does(ConfirmErasure(ended.id, again))
    assert keys_of(county, ended)


@on_sqlite
def test_an_erasure_needs_a_closed_case_a_basis_that_holds_and_a_reason(county, case_at, ended):
    running = case_at("check_papers")
    with pytest.raises(StepImpossible, match="not closed"):
        propose(county, running)
    wrong = (("none", WHY, "basis"), ("retention_over", WHY, "basis"), ("order", "x", "reason"))
    for basis, reason, field in wrong:
        with pytest.raises(AnswersRefused) as refused:
            propose(county, ended, basis=basis, reason=reason)
        assert [fault.field for fault in refused.value.faults] == [field]
    propose(county, ended)
    with pytest.raises(StepImpossible, match="proposed"):
        propose(county, ended)
    county.clock.forward(days=366 * 31)
    county.staff["arch"].does(RefuseErasure(ended.id, county.rows(Erasure)[-1].id, "保存期已满，换依据"))
    assert propose(county, ended, basis="retention_over")


@on_sqlite
def test_nothing_is_erased_while_something_of_the_case_has_not_left_the_house(county, case_at):
    case = county.drive(case_at("archive_case"), "end", {})
    with pytest.raises(StepImpossible, match="left the house"):
        propose(county, case)
    county.night()
    assert propose(county, case)


@pytest.mark.tampers
def test_28_a_key_deleted_without_an_erasure_is_an_alarm(county, ended):
    with guards_down(county) as conn:
        conn.execute(audit_key.delete().where(audit_key.c.chain == ended.id))
    assert report(county).first_fault.code == "WITHHELD"


@pytest.mark.tampers
def test_what_a_backup_brings_back_is_found_and_erased_again(county, ended):
    with county.house.reader.connect() as conn:
        rows = {
            table: conn.execute(select(table).where(table.c.chain == ended.id)).mappings().all()
            for table in (audit_key, audit_vault)
        }
    erase(county, ended)
    county.house.sequencer().round()
    assert erase_again(county.house) == []
    with county.house.engine.begin() as conn:
        for table, old in rows.items():
            conn.execute(insert(table), [dict(row) for row in old])
    found = report(county).first_fault
    assert (found.code, found.chain) == ("returned", str(ended.id))
    assert erase_again(county.house) == [ended.id]
    assert ended.entries[-1]["vars"]["again"] is True
    assert report(county).ok and not keys_of(county, ended)


@on_sqlite
def test_the_bundle_of_an_erased_case_says_erased_in_the_checker(county, ended, tmp_path, capsys):
    erase(county, ended)
    with open(tmp_path / "case.zip", "wb") as file:
        hand_out(county.house, county.staff["insp"].actor, ended.id, WHY, file, county.clock.at, "1" * 32)
    policy = county.house.home / "log" / "policy"
    status = mingjian_check.main([str(tmp_path / "case.zip"), "--witness-policy", str(policy), "--json"])
    lines = json.loads(capsys.readouterr().out)["lines"]
    assert status != mingjian_check.FAULTY and not [one for one in lines if one["mark"] == "bad"]
    assert "ERASED" in {one["code"] for one in lines}


@on_sqlite
def test_the_page_lets_one_propose_and_another_confirm(county, ended):
    address = f"/cases/{ended.id}/erasure"
    archive, approver = at_the_desk(county, "arch"), at_the_desk(county, "capr")
    assert address in archive.opens(f"/cases/{ended.id}").links()
    page = archive.opens(address)
    refused = archive.submits(page, reason="无", button="propose")
    assert refused.status == 422 and set(refused.errors()) == {"basis", "reason"}
    page = archive.submits(page, basis="order", reason=WHY, button="propose")
    assert "另一名审批人确认" in page.words and not page.tree.xpath("//button[@value='confirm']")
    assert ended.row.number in approver.opens("/erasures").words
    page = approver.opens(address)
    assert WHY in page.words and "任何人都不能恢复" in page.words
    page = approver.submits(page, button="confirm")
    assert page.status == 200 and "不能恢复" in page.words and ended.row.erased_at is not None
    assert WHY not in page.words, "the reason is erased as well"
    for login in ("chnd", "vlia1"):
        assert at_the_desk(county, login).opens(address).status == 403


@on_sqlite
def test_no_page_shows_what_was_erased(county, ended):
    person = county.rows(Person, Person.id == ended.row.applicant_id)[0]
    paper, letter = county.rows(Paper, Paper.case_id == ended.id)[0], ended.letters["approval_decision"]
    erase(county, ended)
    reader = at_the_desk(county, "chnd")
    page = reader.opens(f"/cases/{ended.id}")
    assert page.status == 200 and "依法删除" in page.words
    for value in (person.name, person.phone, person.id_number[:6] + "********"):
        assert value not in page.text
    assert reader.opens(f"/cases/{ended.id}/papers/{paper.id}").status == 404
    assert reader.opens(f"/letters/{letter.id}").status == 404
    listed = reader.opens("/cases")
    assert ended.row.number in listed.words and person.name not in listed.words
    entry = at_the_desk(county, "insp").opens(f"/inspect/{ended.id}?n=1")
    assert (
        "已删除 ERASED" in entry.words
        and "依法，见第" in entry.words
        and "WITHHELD" not in entry.words.replace("缺失0", "")
    )
    assert person.name not in entry.text


@on_sqlite
def test_the_lists_of_the_green_channel_and_of_supervision_name_nobody_who_was_erased(county, case_at):
    green = asks(county.staff["hosp"], county.household()[0])
    until(granted(checked(green)), "end")
    watched = case_at("audit_file")
    until_then = (county.today + timedelta(days=9)).isoformat()
    answers = {"answer_by": until_then, "supervision_words": "请说明没有按期办理的原因。"}
    county.staff["sup-msb"].does(PutUnderSupervision(watched.id, watched.task("audit_file").id, answers))
    names = {
        "/green-channel": county.rows(Person, Person.id == green.row.applicant_id)[0].name,
        "/supervise/supervisions": county.rows(Person, Person.id == watched.row.applicant_id)[0].name,
    }
    county.drive(watched, "end", {})
    county.night()
    for address, name in names.items():
        assert name in at_the_desk(county, "sup-msb").opens(address).words, address
    erase(county, green)
    erase(county, watched)
    for address, name in names.items():
        assert name not in at_the_desk(county, "sup-msb").opens(address).words, address


@on_sqlite
def test_the_command_does_the_same(county, ended):
    def run(*arguments):
        given = ["--home", str(county.house.home), "erase", ended.row.number, *arguments]
        return CliRunner().invoke(mingjian, given, input=f"{PASSWORD}\n")

    assert run("--as", "arch").exit_code == 2
    done = run("--basis", "order", "--reason", WHY, "--as", "arch")
    assert done.exit_code == 0 and "等另一人确认" in done.stdout, done.output
    assert run("--confirm", "--as", "arch").exit_code == 1
    done = run("--confirm", "--as", "capr", "--json")
    assert json.loads(done.stdout)["done"] is True and keys_of(county, ended) == []
