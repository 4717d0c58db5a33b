"""The player: every entry executed again with a verdict of its own, and the case as it then was."""

import re

import pytest
from erased import erase
from house_templates import Staged, guards_down, opened, rewrite, stage
from pages.desks import at_the_desk
from small_county import CaseFile, SetClock, SmallCounty
from sqlalchemy import text

from workflow.errors import NotAllowed
from workflow.player import kept
from workflow.player.from_house import record_of
from workflow.player.moment import jumps_from, moment_at
from workflow.player.values import told
from workflow.reading.case_row import read_case
from workflow.replay import replay
from workflow.supervisor_commands import Reassign

QUESTIONS = "请说明入户调查与申请书的收入为什么不一致。"


@pytest.fixture(scope="module")
def returned(template, tmp_path_factory):
    """A case that the county has sent back once, that was handed over, and late: built once."""
    folder = tmp_path_factory.mktemp("returned") / "home"
    staged = stage(template, folder, "recheck_file")
    clock = SetClock(staged.at)
    house = opened(template, f"sqlite+pysqlite:///{folder / 'mingjian.sqlite'}", folder, clock)
    county = SmallCounty(house, clock)
    case = CaseFile(county, staged.case)
    clock.forward(hours=1)
    with pytest.raises(NotAllowed):
        county.staff["twin1"].rechecks_file(case)
    clock.forward(hours=1)
    county.staff["cchk"].rechecks_file(case, recheck="questions", questions=QUESTIONS)
    county.staff["trev1"].answers_questions(case)
    county.drive(case, "recheck_file", {"recheck_file": {}})
    colleague = county.colleague("cchk")
    command = Reassign(
        case.id, case.task("recheck_file").id, colleague.actor.seat_id, {"reassign_reason": "load"}
    )
    county.staff["sup-msb"].does(command)
    clock.forward(days=40)
    county.night()
    colleague.rechecks_file(case)
    county.drive(case, "archive_case", {})
    house.close()
    return Staged(folder, case.id, clock.at)


@pytest.fixture
def played(returned, template, tmp_path):
    """(county, case): a copy of that case to look at or to spoil."""
    county, case = returned.copy(template, tmp_path / "home")
    yield county, case
    county.house.close()


def record(county, case, *, opened=False, fresh=True):
    with county.house.reader.connect() as conn:
        row = read_case(conn, case.id)
        return record_of(county.house, conn, row, county.clock.at, opened=opened, fresh=fresh).record


def place_of(case, node, turn=0):
    found = [entry["seq"] for entry in case.entries if entry["task"] and entry["task"]["node"] == node]
    return found[turn]


def test_every_entry_of_a_sound_case_says_what_became_of_it(county, case_at):
    """On both databases."""
    case = case_at("enquire")
    found = record(county, case)
    kinds = ["none" if entry["command"]["name"] == "none" else "same" for entry in case.entries]
    assert [frame.verdict.kind for frame in found.film.frames] == kinds
    assert all(frame.linked for frame in found.film.frames)
    assert not found.notes
    with county.house.reader.connect() as conn:
        assert found.film.commands == replay(county.house, conn, case.id).commands


def test_the_diagram_the_clocks_and_the_data_are_those_of_the_moment(played):
    county, case = played
    found = record(county, case)
    then = moment_at(found, place_of(case, "recheck_file"))
    assert [step.element.name for step in then.steps if step.kind == "done"], "walked"
    standing = {visit.node for visit in then.frame.visits if visit.done_at is None}
    assert standing == {"answer_questions"}
    assert {clock.limit_id for clock, _ in then.clocks} == {"D09", "M04"}
    posted = moment_at(found, place_of(case, "post_decision_proposal"))
    paused, standing_then = next(pair for pair in posted.clocks if pair[0].limit_id == "D09")
    told = case.entries[posted.frame.seq]["vars"]["clocks"]["D09"]
    assert (paused.paused, paused.due.isoformat(), paused.why) == (True, told["due"], told["why"])
    assert standing_then.status == "paused" and paused.pauses[-1].end is None
    assert (then.who.role.zh, then.who.office) == ("医保复核人员", "安福县医疗保障局")
    later = moment_at(found, len(found.film.frames) - 1)
    assert len(later.papers) == sum(len(entry["attach"]) for entry in case.entries)
    assert len(then.papers) < len(later.papers)
    assert then.sheet.fits and then.sheet.seq < later.sheet.seq


def test_clocks_worked_out_from_the_log_are_those_of_the_database(played):
    county, case = played
    found = record(county, case)
    for frame in found.film.frames:
        for clock in frame.clocks:
            if clock.moved and not clock.paused:
                assert clock.recomputed(found.calendar) == clock.due, (frame.number, clock.limit_id)


def test_a_change_tells_what_stood_there_before_and_who_had_written_it(played):
    county, case = played
    found = record(county, case, opened=True)
    again = moment_at(found, place_of(case, "recheck_file", 1))
    change = next(one for one in again.changes if one.name == "recheck")
    assert (change.old.value.text.zh, change.new.text.zh) == ("有疑问，退回乡镇答复（只能一次）", "复核通过")
    assert change.old.number == place_of(case, "recheck_file") + 1
    note = next(one for one in again.changes if one.name == "recheck_note")
    assert note.new.state == "opened" and note.new.text.zh
    closed = moment_at(record(county, case), place_of(case, "recheck_file", 1))
    assert {one.new.state for one in closed.changes} == {"clear", "closed"}


def test_every_code_that_a_diagram_writes_is_told_in_words(played):
    county, _ = played
    rules = county.house.rules()
    texts = {name for name, row in rules.rulebook.variables.items() if row.type == "text"}
    written = {
        (name, code)
        for file, content in rules.rulebook.files.items()
        if file.startswith("flows/") and file.endswith(".bpmn")
        for script in re.findall(r"<bpmn:script>(.*?)</bpmn:script>", content.decode(), re.DOTALL)
        for name, code in re.findall(r"^(\w+) = '(\w+)'", script, re.MULTILINE)
        if name in texts
    }
    assert len(written) > 20
    assert not [(name, code) for name, code in written if told(rules, None, name, code)[1].zh == code]


def test_the_jumps_lead_to_returns_changes_late_steps_refusals_and_reassignments(played):
    county, case = played
    found = record(county, case)
    frames = found.film.frames
    marked = {kind: [f.seq for f in frames if kind in f.marks] for kind in jumps_from(found, 0)}
    assert marked["return"] == [place_of(case, "answer_questions")], "the county examines it a second time"
    assert [case.entries[seq]["type"] for seq in marked["reassignment"]] == ["step_handed_over"]
    assert place_of(case, "recheck_file", 1) in marked["late"]
    assert place_of(case, "recheck_file", 1) in marked["data"]
    assert place_of(case, "post_decision_proposal") in marked["pause"]
    before = place_of(case, "recheck_file") - 1
    assert jumps_from(found, before - 1)["refusal"] == before + 1, "an attempt was refused after that entry"
    assert moment_at(found, before).refused[0].rule
    assert jumps_from(found, len(frames) - 1) == dict.fromkeys(marked)


@pytest.mark.tampers
def test_what_was_changed_is_named_and_what_follows_says_that_it_cannot_be_run(played):
    county, case = played
    seq = place_of(case, "record_review")

    def turn_the_votes(entries):
        answers = entries[seq]["vars"]["answers"]
        answers["votes_yes"], answers["votes_no"] = answers["votes_no"], answers["votes_yes"]

    with guards_down(county) as conn:
        rewrite(conn, case, turn_the_votes)
    found = record(county, case)
    kinds = [frame.verdict.kind for frame in found.film.frames]
    assert set(kinds[:seq]) == {"same"} and kinds[seq] == "differs"
    assert set(kinds[seq + 1 :]) == {"unknown", "none"}
    assert f"第{seq + 1}条起" in found.film.frames[seq + 1].verdict.what.zh
    last = moment_at(found, len(kinds) - 1)
    assert any(line.name == "aid_fen" for line in last.lines), "what is written there is shown all the same"
    page = at_the_desk(county, "insp").opens(f"/inspect/{case.id}?n={len(kinds)}")
    assert page.status == 200
    assert f"按流程图重走，第{seq + 1}条起不同" in page.words


@pytest.mark.tampers
def test_a_step_by_the_wrong_person_is_named_and_the_next_ones_are_run_all_the_same(played):
    county, case = played
    examined, decides = place_of(case, "examine_file"), place_of(case, "decide")

    def same_person(entries):
        entries[decides]["actor"]["id"] = entries[examined]["actor"]["id"]

    with guards_down(county) as conn:
        rewrite(conn, case, same_person)
    kinds = [frame.verdict.kind for frame in record(county, case).film.frames]
    assert [seq for seq, kind in enumerate(kinds) if kind == "differs"] == [decides]
    assert "unknown" not in kinds


@pytest.mark.tampers
def test_an_entry_that_is_gone_or_cannot_be_read_is_shown_as_that(played):
    county, case = played
    chain = {"chain": case.id.hex}
    with guards_down(county) as conn:
        conn.execute(text("PRAGMA foreign_keys=OFF"))
        conn.execute(text("DELETE FROM audit_entry WHERE chain = :chain AND seq = 3"), chain)
        conn.execute(text("UPDATE audit_entry SET bytes = X'7B7D' WHERE chain = :chain AND seq = 5"), chain)
    page = at_the_desk(county, "insp").opens(f"/inspect/{case.id}?n=4")
    assert page.status == 200 and "这一条不在了" in page.words
    page = at_the_desk(county, "insp").opens(f"/inspect/{case.id}?n=6")
    assert page.status == 200 and "这一条不是日志条目" in page.words
    assert at_the_desk(county, "insp").opens(f"/inspect/{case.id}?n=7").status == 200


def test_a_step_costs_no_execution_until_an_entry_is_another(played, monkeypatch):
    county, case = played
    runs = []
    film = kept.film
    monkeypatch.setattr(kept, "film", lambda *given: runs.append(1) or film(*given))
    inspector = at_the_desk(county, "insp")
    page = inspector.opens(f"/inspect/{case.id}")
    assert len(runs) == 1, "opening executes"
    for _ in range(3):
        page = inspector.opens(page.tree.xpath("//a[@rel='next']/@href")[0])
    assert len(runs) == 1, "steps do not"
    county.staff["twin1"].attaches(case, "other")
    inspector.opens(f"/inspect/{case.id}?n=4")
    assert len(runs) == 2, "another entry is there"
    inspector.opens(f"/inspect/{case.id}?n=4&again=1")
    assert len(runs) == 3, "asked for"


@pytest.mark.tampers
def test_a_log_that_forks_while_it_is_read_is_said(played):
    county, case = played
    inspector = at_the_desk(county, "insp")
    assert "日志在您看的时候变了" not in inspector.opens(f"/inspect/{case.id}").words
    assert "日志在您看的时候变了" not in inspector.opens(f"/inspect/{case.id}?n=2").words
    with guards_down(county) as conn:
        rewrite(conn, case, lambda entries: entries[-1]["vars"].update(told=1))
    page = inspector.opens(f"/inspect/{case.id}?n=3")
    assert f"日志在您看的时候变了：第{len(case.entries)}条" in page.words
    assert page.status == 200


def test_what_was_erased_is_shown_as_erased_and_the_steps_are_there(played):
    county, case = played
    county.drive(case, "end", {})
    county.clock.forward(days=400)
    county.night()
    erase(county, case)
    found = record(county, case, opened=True)
    assert all(frame.verdict.sound for frame in found.film.frames)
    last = moment_at(found, len(found.film.frames) - 1)
    states = {line.value.state for line in last.lines}
    assert states == {"clear", "erased"}
    assert {paper.state for paper in last.papers} == {"erased"} and not last.letters
    page = at_the_desk(county, "insp").opens(f"/inspect/{case.id}?n=5")
    assert "已依法删除" in page.words and "欧阳福根" not in page.text


def test_the_player_needs_no_script_and_keeps_values_closed(played):
    county, case = played
    page = at_the_desk(county, "insp").opens(f"/inspect/{case.id}?n=7")
    assert page.tree.xpath("//a[@rel='prev']") and page.tree.xpath("//a[@rel='next']")
    assert page.tree.xpath("//nav[@aria-label='跳到下一处']//a/@href")
    assert page.tree.xpath("//ol[contains(@class, 'mj-twin')]/li")
    assert "重走结果与记录逐字节相同" in page.words
    assert "未开封" in page.words
    drawing = page.tree.xpath("//*[@data-diagram]/@data-diagram")[0]
    answer = at_the_desk(county, "insp").opens(drawing)
    assert answer.status == 200 and answer.headers["Content-Type"].startswith("application/xml")
    assert at_the_desk(county, "chnd").opens(drawing).status == 403
