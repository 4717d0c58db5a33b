"""Moving cases to other rules: they keep what is open, its dates and drafts, or stay, with every reason."""

import re
from datetime import date, timedelta
from itertools import count

import pytest
from at_once import at_once
from crashing import Counting, Crash, everything
from house_templates import guards_down, rewrite
from renumbering import renumbered
from rule_changes import changed, released
from sqlalchemy import update

import bpmn
from workflow import drafts
from workflow.cases.migrating import known_of, moved, previews
from workflow.commands import MigrateCase
from workflow.deadlines import SHANGHAI
from workflow.errors import AnswersRefused, MoveImpossible, NotAllowed, StepImpossible
from workflow.replay import replay
from workflow.rules import prepare
from workflow.store import transaction
from workflow.store.models import InForce, Timer

TEN_DAYS = ("limits.toml", b"[D05]\namount = 5", b"[D05]\namount = 10")
FORM, SIGNATURES = "forms/village_review.toml", b"signatures >= review_signatures"
REVIEW = "flows/sub_village_review.bpmn"
AUDIT = "flows/sub_township_audit.bpmn"
TEN = "、".join(f"刘德胜{n}" for n in range(10))
on_sqlite = pytest.mark.parametrize("county", ["sqlite"], indirect=True)


def relabelled(county):
    """The rules in force with other numbers for every place in the diagrams, and other names."""
    files = county.house.rules().rulebook.files
    return {path: renumbered(text) if path.startswith("flows/") else text for path, text in files.items()}


@pytest.fixture
def without_layout(monkeypatch):
    """Diagrams drawn by a test have no shapes; the linter of the drawing is another test's matter."""
    monkeypatch.setattr("workflow.engine.lint.lint", lambda files, rulebook, **told: [])


def migrates(county, case, to, by="capr", **more):
    return county.staff[by].does(MigrateCase(case.id, to), **more)


def replayed(county, case):
    with county.house.reader.connect() as conn:
        return replay(county.house, conn, case.id).difference


def test_a_case_keeps_its_task_its_due_date_and_its_draft(case_at, county, reviewer):
    case = case_at("audit_file")
    task, clock = case.open["audit_file"], case.clock("D05")
    with transaction(county.house.engine) as conn:
        account = reviewer.actor.account_id
        drafts.keep(conn, case.id, task.id, account, {"doubts": "还没写完"}, (), county.clock.at)
    old, new = case.row.rulebook, released(county, changed(county, TEN_DAYS))
    migrates(county, case, new)
    assert case.row.rulebook == new
    assert case.open == {"audit_file": task}
    moved_clock = case.clock("D05")
    assert (moved_clock.due_at, moved_clock.started_at) == (clock.due_at, clock.started_at)
    with county.house.reader.connect() as conn:
        kept = drafts.read(conn, case.id, task.id, account)
    assert kept.answers == {"doubts": "还没写完"}
    entry = case.entries[-1]
    assert (entry["type"], entry["rule"]) == ("case_migrated", new)
    assert entry["vars"] == {"from": old, "to": new, "kept": [task.id]}
    assert entry["actor"]["role"] == "CAPR"
    reviewer.audits_file(case)
    assert replayed(county, case) is None


def test_a_running_limit_keeps_its_length(case_at, county):
    """The clock stands still, the case is moved, the clock goes on: it still counts ten days, not thirty."""
    case = case_at("receive_settlement", serious_illness_settled=False)
    longer = ("limits.toml", b"[D09]\namount = 10", b"[D09]\namount = 30")
    migrates(county, case, released(county, changed(county, longer)))
    county.drive(case, "decide", {})
    clock = case.clock("D09")
    assert clock.rules != case.row.rulebook and clock.stopped_at is None
    assert clock.due_at - clock.started_at < timedelta(days=25)
    assert replayed(county, case) is None


@on_sqlite
def test_the_new_rules_hold_from_the_move_on(case_at, county, village_liaison):
    case = case_at("record_review")
    migrates(county, case, released(county, changed(county, (FORM, SIGNATURES, b"signatures >= 15"))))
    with pytest.raises(AnswersRefused):
        village_liaison.records_review(case, signatures=10, signers=TEN)
    village_liaison.records_review(case)
    county.drive(case, "end", {})
    assert case.row.outcome == "approved"


def test_a_case_moved_at_every_step_ends_as_one_that_never_was(case_at, county, without_layout):
    """To and fro between two numberings of the diagrams, at every place where a case can stand."""
    first = county.house.rules().digest
    plain = county.drive(case_at("check_papers"), "end", {})
    case = case_at("check_papers")
    second = released(county, relabelled(county))
    moves = 0
    while case.open:
        kept = case.open
        to = second if case.row.rulebook == first else first
        migrates(county, case, to)
        moves += 1
        assert {node: (t.id, t.due_at, t.role, t.org, t.clock_id) for node, t in case.open.items()} == {
            node: (t.id, t.due_at, t.role, t.org, t.clock_id) for node, t in kept.items()
        }
        someone = next(iter(case.open.values()))
        seq = case.row.seq
        for task in (someone, *case.open.values()):
            if case.row.seq == seq and task.kind == "user":
                people = county.staff.values()
                who = next(p for p in people if (p.actor.role, p.actor.org) == (task.role, task.org))
                who.completes(task.node, case)
        if case.row.seq == seq:
            county.clock.at = max(task.due_at for task in case.open.values())
            county.night()
            county.clock.at = county.clock.at.astimezone(SHANGHAI).replace(hour=9)
    assert moves > 15
    steps = lambda one: [e["task"]["node"] for e in one.entries if e["type"] == "task_completed"]  # noqa: E731
    assert steps(case) == steps(plain)
    assert (case.row.outcome, case.row.aid, case.row.state) == (
        plain.row.outcome,
        plain.row.aid,
        plain.row.state,
    )
    assert set(case.letters) == set(plain.letters)
    assert [p.status for p in case.payments] == [p.status for p in plain.payments]
    assert replayed(county, case) is None


def test_a_timer_fires_when_it_would_have(case_at, county, clock):
    case = case_at("public_notice")
    due = case.open["public_notice"].due_at
    timers = county.rows(Timer, Timer.case_id == case.id)
    shorter = ("limits.toml", b"[D04]\namount = 7", b"[D04]\namount = 2")
    migrates(county, case, released(county, changed(county, shorter)))
    assert county.rows(Timer, Timer.case_id == case.id) == timers
    clock.at = due - (due - clock.at) / 10
    county.night()
    assert "public_notice" in case.open
    clock.at = due
    county.night()
    assert "confirm_posting_village" in case.open
    assert replayed(county, case) is None


@on_sqlite
def test_the_approver_moves_cases_and_not_whoever_proposed_the_rules(case_at, county):
    case = case_at("audit_file")
    new = released(county, changed(county, TEN_DAYS))
    for login in ("chnd", "trev1", "sup-msb", "insp", "adm"):
        with pytest.raises(NotAllowed):
            migrates(county, case, new, by=login)
    deputy = county.second_seat("chnd", "CAPR", "360829-msb")
    with pytest.raises(NotAllowed) as refused:
        deputy.does(MigrateCase(case.id, new))
    assert refused.value.rule == "SD-9"
    assert [entry["type"] for entry in case.reads] == ["attempt_refused"] * 6
    assert migrates(county, case, new, request="once").repeated is False
    assert migrates(county, case, new, request="once").repeated is True
    with pytest.raises(StepImpossible, match="lives by these rules already"):
        migrates(county, case, new)


@on_sqlite
def test_only_to_rules_that_hold_and_only_while_the_case_runs(case_at, county):
    case, ended = case_at("audit_file"), county.drive(case_at("audit_file"), "end", {})
    with pytest.raises(StepImpossible, match="not released"):
        migrates(county, case, "0" * 64)
    released(county, changed(county, TEN_DAYS), valid_from=date(2099, 1, 1))
    coming = county.rows(InForce)[-1].digest
    with pytest.raises(StepImpossible, match="not in force yet"):
        migrates(county, case, coming)
    now = released(county, changed(county, (FORM, SIGNATURES, b"signatures >= 15")))
    with pytest.raises(StepImpossible, match="closed"):
        migrates(county, ended, now)


def edited(county, *edits):
    """The files in force with every occurrence exchanged: (part of the path, old, new)."""
    files = dict(county.house.rules().rulebook.files)
    for part, old, new in edits:
        hit = [path for path, text in files.items() if part in path and old.encode() in text]
        assert hit, (part, old)
        files.update({path: files[path].replace(old.encode(), new.encode()) for path in hit})
    return files


def tried(county, case, files):
    """What moving the case to these files comes to: a step, or the reasons in English. Writes nothing."""
    new = prepare(bpmn.from_files(files))
    with county.house.reader.connect() as conn:
        known = known_of(conn, [case.id])[case.id]
    try:
        return moved(county.house.rules(case.row.rulebook), new, case.row, known)
    except MoveImpossible as refused:
        assert all(re.search("[\u4e00-\u9fff]", each.zh) for each in refused.reasons)
        return [each.en for each in refused.reasons]


AUDIT_TO = {
    "a step that is gone": (
        [("flows/", "audit_file", "audit_papers")], "the new version has no step “审核申请材料”",
    ),
    "a process that is gone": (
        [("flows/", "sub_township_audit", "sub_town_audit")], "the new version has no process “乡镇审核”",
    ),
    "another kind of step": (
        [("sub_township_audit", "bpmn:userTask", "bpmn:manualTask")], "has become another kind of step",
    ),
    "another lane": ([("sub_township_audit", 'name="乡镇(街道)"', 'name="县医保局"')], "from the lane"),
    "another post": (
        [("sub_township_audit", 'value="TREV"', 'value="TLEAD"')], "the post has changed from TREV",
    ),
    "another limit": (
        [("sub_township_audit", 'value="D05"', 'value="D09"')], "the limit has changed from D05",
    ),
    "another call": (
        [("ma_ordinary_examination", 'calledElement="sub_township_audit"', 'calledElement="sub_survey"')],
        "now calls another process",
    ),
    "a variable nobody has asked": (
        [("sub_township_audit", "in_doubt or relative_case", "home_visit_wanted or relative_case")],
        "uses home_visit_wanted",
    ),
    "a form that no longer asks what is needed": (
        [("forms/township_audit", "in_doubt", "in_question")], "uses in_doubt",
    ),
    "an event that can now interrupt it": (
        [("sub_township_audit", "</bpmn:process>", """
          <bpmn:boundaryEvent id="too_late" attachedToRef="audit_file"><bpmn:timerEventDefinition>
          <bpmn:timeDuration>"P3D"</bpmn:timeDuration></bpmn:timerEventDefinition></bpmn:boundaryEvent>
          <bpmn:sequenceFlow id="too_late_on" sourceRef="too_late" targetRef="give_opinion"/>
          </bpmn:process>""")],
        "other events can now interrupt",
    ),
}  # fmt: skip


@on_sqlite
def test_what_the_new_rules_have_no_place_for_is_refused_with_the_reason(case_at, county):
    case = case_at("audit_file")
    for what, (edits, words) in AUDIT_TO.items():
        told = tried(county, case, edited(county, *edits))
        assert isinstance(told, list) and any(words in each for each in told), (what, told)
    files = county.house.rules().rulebook.files
    told = tried(county, case, {path: text for path, text in files.items() if "plan-2026" not in path})
    assert told == ["the new version has no policy plan-2026"]


@on_sqlite
def test_what_lies_behind_the_case_may_change_freely(case_at, county):
    """The same changes stop no case that has passed them; a new step ahead is taken when it comes."""
    case = case_at("sign_decision")
    for what in (
        "another lane",
        "another post",
        "a variable nobody has asked",
        "an event that can now interrupt it",
    ):
        step = tried(county, case, edited(county, *AUDIT_TO[what][0]))
        assert {place.node for place in step.open} == {"sign_decision"}, what


@on_sqlite
def test_a_rule_of_separation_must_see_who_did_a_step_that_is_renamed(case_at, county):
    case = case_at("give_opinion")
    renamed = edited(county, ("flows/", "audit_file", "audit_papers"))
    assert any("excludes whoever did audit_papers" in each for each in tried(county, case, renamed))


@on_sqlite
def test_a_draft_must_find_its_questions_again(case_at, county, reviewer):
    case = case_at("audit_file", {})
    with transaction(county.house.engine) as conn:
        answers = {"in_doubt": "yes", "doubts": "收入存疑"}
        drafts.keep(
            conn, case.id, case.open["audit_file"].id, reviewer.actor.account_id, answers, (), county.clock.at
        )
    other = edited(county, ("forms/township_audit", "doubts", "questions"))
    assert tried(county, case, other) == [
        "the draft of “审核申请材料” answers “What must be found out”, which the new form does not ask"
    ]


@on_sqlite
def test_a_new_branch_beside_those_that_run_is_refused(case_at, county):
    """Two branches are open; the new diagram waits for a third that this case never began."""
    case = case_at("deliver_letter")
    assert len(case.open) == 2
    third = """<bpmn:receiveTask id="third" name="第三件事"><bpmn:extensionElements><spiffworkflow:properties>
        <spiffworkflow:property name="limit" value="D10"/>
      </spiffworkflow:properties></bpmn:extensionElements></bpmn:receiveTask>
      <bpmn:sequenceFlow id="to_third" sourceRef="split_approved" targetRef="third"/>
      <bpmn:sequenceFlow id="from_third" sourceRef="third" targetRef="join_approved"/></bpmn:process>"""
    files = edited(county, ("sub_closing", "</bpmn:process>", third))
    told = tried(county, case, files)
    assert isinstance(told, list) and "branches or joins have changed" in told[0], told
    before = case_at("sign_decision")
    assert {place.node for place in tried(county, before, files).open} == {"sign_decision"}


def test_a_crash_at_any_statement_leaves_the_case_where_it_was(case_at, county, monkeypatch):
    case = case_at("audit_file")
    new = released(county, changed(county, TEN_DAYS))
    before, counting = everything(county), Counting(monkeypatch)
    for statement in count(1):
        counting.at = statement
        try:
            with counting:
                migrates(county, case, new, request="the-request")
        except Crash:
            assert everything(county) == before
        else:
            break
    assert statement > 8
    assert migrates(county, case, new, request="the-request").repeated
    assert [entry["type"] for entry in case.entries].count("case_migrated") == 1


def test_somebody_completes_the_step_while_the_case_is_moved(case_at, county, reviewer):
    """Whoever comes second finds the case as the first has left it; both are done, one after the other."""
    case = case_at("audit_file")
    new = released(county, changed(county, TEN_DAYS))
    command = county.completion(case, "audit_file", {})
    done = at_once(lambda: reviewer.does(command), lambda: migrates(county, case, new))
    assert not [one for one in done if isinstance(one, Exception)], done
    assert case.row.rulebook == new and "audit_file" not in case.open
    assert replayed(county, case) is None


@pytest.mark.tampers
@on_sqlite
def test_a_change_of_rules_without_a_move_is_named(case_at, county, reviewer):
    case = case_at("audit_file")
    new = released(county, changed(county, TEN_DAYS))
    migrates(county, case, new)
    reviewer.audits_file(case)
    seq = next(entry["seq"] for entry in case.entries if entry["type"] == "case_migrated")
    with guards_down(county) as conn:
        rewrite(
            conn, case, lambda entries: entries[seq].update(type="paper_attached", command={"name": "none"})
        )
    found = replayed(county, case)
    assert (found.seq, "was not moved" in found.what.en) == (seq, True)


@pytest.mark.tampers
@on_sqlite
def test_rules_that_the_log_does_not_know_released_are_named(case_at, county):
    """A row put into the table of releases by hand makes no rules."""
    with county.house.engine.begin() as conn:
        conn.execute(update(InForce).values(seq=None))
    case = case_at("check_papers")
    assert "no release of these rules" in replayed(county, case).what.en


def test_a_preview_tells_every_case_and_changes_nothing(case_at, county):
    cases = [case_at("audit_file"), county.drive(case_at("audit_file"), "end", {}), case_at("sign_decision")]
    new = released(county, edited(county, *AUDIT_TO["another limit"][0]))
    newest = county.staff["vlia1"].files(*county.household())
    before = everything(county)
    found = list(previews(county.house, [*(case.id for case in cases), newest.id], new))
    assert everything(county) == before
    assert [each.number for each in found] == [case.row.number for case in (*cases, newest)]
    assert [[reason.en for reason in each.reasons] for each in found] == [
        ["at “审核申请材料” the limit has changed from D05 to D09"], ["closed"], [],
        ["lives by these rules already"],
    ]  # fmt: skip
    assert found[0].steps == ("审核申请材料",)
