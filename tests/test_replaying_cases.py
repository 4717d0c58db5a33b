"""Replaying cases: the same commands on the same diagrams give the same bytes; what does not is named."""

import copy

import pytest
from house_templates import guards_down, rewrite
from small_county import paper
from sqlalchemy import update

import audit
from workflow import engine
from workflow.commands import AttachPaper
from workflow.errors import NotAllowed
from workflow.house import House
from workflow.replay import replay, replay_all
from workflow.rules import Shelf
from workflow.store.models import Case, RuleFile

pytestmark = pytest.mark.tampers


def replayed(county, case):
    """With a shelf of its own, as another process would read the rule books."""
    mine = county.house
    house = House(mine.home, mine.engine, mine.reader, mine.vault, Shelf(mine.reader), mine.files, mine.now)
    with house.reader.connect() as conn:
        return replay(house, conn, case.id)


def chain_fits(county) -> bool:
    """Nothing in the case's own chain is wrong; that another entry was published is told apart."""
    with county.house.reader.connect() as conn:
        return {fault.code for fault in audit.verify(conn, county.house.vault).faults} <= {"sequenced"}


def place_of(case, node: str) -> int:
    return next(entry["seq"] for entry in case.entries if entry["task"] and entry["task"]["node"] == node)


@pytest.fixture
def decided(case_at):
    return case_at("sign_decision")


def test_a_case_replays_to_the_last_byte(decided, county):
    found = replayed(county, decided)
    assert found.difference is None
    assert found.entries == len(decided.entries)
    assert found.commands == sum(entry["command"]["name"] != "none" for entry in decided.entries)


def test_refusals_warnings_and_papers_are_no_steps(decided, county, clock, clerk):
    clerk.does(AttachPaper(decided.id, paper("other")))
    with pytest.raises(NotAllowed):
        clerk.signs_decision(decided)
    clock.forward(days=40)
    county.night()
    kinds = [entry["type"] for entry in decided.entries]
    assert {"alarm_raised", "paper_attached"} <= set(kinds)
    assert [entry["type"] for entry in decided.reads] == ["attempt_refused"]
    found = replayed(county, decided)
    assert (found.difference, found.entries) == (None, len(kinds))
    assert found.commands < len(kinds)


def test_all_cases_are_replayed_oldest_first_and_the_progress_is_told(county, case_at, clock):
    cases = []
    for _ in range(3):
        cases.append(case_at("check_papers"))
        clock.forward(minutes=1)
    told = []
    results = list(replay_all(county.house, lambda done, of: told.append((done, of))))
    assert [one.case_id for one in results] == [case.id for case in cases]
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_a_changed_state_in_the_database_is_found(decided, county):
    state = decided.row.engine
    with guards_down(county) as conn:
        conn.execute(
            update(Case).where(Case.id == decided.id).values(engine=state.replace(b"487500", b"987500"))
        )
    assert decided.row.engine != state
    assert chain_fits(county)
    found = replayed(county, decided)
    assert found.difference.seq == decided.row.seq
    assert "stored state" in found.difference.what.en


def test_a_changed_legal_state_in_the_database_is_found(decided, county):
    with guards_down(county) as conn:
        conn.execute(update(Case).where(Case.id == decided.id).values(state="APPROVED"))
    assert "APPROVED" in replayed(county, decided).difference.what.en


def test_a_changed_answer_with_a_rewritten_chain_is_named(decided, county):
    """The votes turned round: the chain fits again, the state does not."""
    seq = place_of(decided, "record_review")

    def turn_the_votes(entries):
        answers = entries[seq]["vars"]["answers"]
        answers["votes_yes"], answers["votes_no"] = answers["votes_no"], answers["votes_yes"]

    with guards_down(county) as conn:
        rewrite(conn, decided, turn_the_votes)
    assert chain_fits(county)
    assert replayed(county, decided).difference.seq == seq


def test_a_changed_amount_is_named(decided, county):
    seq = place_of(decided, "give_opinion")
    with guards_down(county) as conn:
        rewrite(conn, decided, lambda entries: entries[seq]["vars"]["answers"].update(aid_fen=9_000_000))
    assert replayed(county, decided).difference.seq == seq


def test_a_step_that_was_not_open_is_named(case_at, county):
    """Attempt 31: from the village straight to the county."""
    case = case_at("record_review")
    other = case_at("sign_decision")
    jump = next(entry for entry in other.entries if entry["task"] and entry["task"]["node"] == "decide")
    length = len(case.entries)

    def jump_to_the_county(entries):
        entries.append({**copy.deepcopy(jump), "case": str(case.id), "commit": {}, "attach": []})

    with guards_down(county) as conn:
        rewrite(conn, case, jump_to_the_county)
    found = replayed(county, case)
    assert found.difference.seq == length
    assert "not open" in found.difference.what.en


def test_another_step_under_a_true_number_is_named(decided, county):
    seq = place_of(decided, "audit_file")
    with guards_down(county) as conn:
        rewrite(conn, decided, lambda entries: entries[seq]["task"].update(node="decide"))
    assert replayed(county, decided).difference.seq == seq


def test_one_officer_who_reviews_and_decides_is_named(decided, county):
    """Attempt 32: the entry says that the one who examined the file also decided."""
    examined, decides = place_of(decided, "examine_file"), place_of(decided, "decide")

    def same_person(entries):
        entries[decides]["actor"]["id"] = entries[examined]["actor"]["id"]

    with guards_down(county) as conn:
        rewrite(conn, decided, same_person)
    assert chain_fits(county)
    found = replayed(county, decided)
    assert found.difference.seq == decides
    assert "examine_file" in found.difference.what.en


def test_a_role_that_may_not_do_the_step_is_named(decided, county):
    seq = place_of(decided, "decide")
    with guards_down(county) as conn:
        rewrite(conn, decided, lambda entries: entries[seq]["actor"].update(role="VLIA"))
    found = replayed(county, decided)
    assert (found.difference.seq, "VLIA" in found.difference.what.en) == (seq, True)


def test_a_changed_date_of_the_calendar_is_named(case_at, county):
    case = case_at("public_notice")
    seq = case.entries[-1]["seq"]
    assert case.entries[-1]["vars"]["dues"]
    with guards_down(county) as conn:
        rewrite(
            conn, case, lambda entries: entries[seq]["vars"]["dues"].update(D04="2026-03-04T16:00:00+00:00")
        )
    assert replayed(county, case).difference.seq == seq


def test_a_step_passed_off_as_a_mere_note_is_found_at_the_next_step(decided, county):
    seq = place_of(decided, "audit_file")
    with guards_down(county) as conn:
        rewrite(conn, decided, lambda entries: entries[seq].update(command={"name": "none"}))
    assert replayed(county, decided).difference.seq == seq + 1


def test_a_diagram_swapped_under_the_recorded_rule_book_is_named(decided, county):
    """Attempt 33: the diagram now lets the liaison decide; the bytes of the states would be the same."""
    book, path = county.house.rules().rulebook, "flows/sub_county_decision.bpmn"
    sha, diagram = book.manifest[path], book.files[path]
    swapped = diagram.replace(b'name="role" value="CAPR"', b'name="role" value="VLIA"')
    assert swapped != diagram
    with county.house.engine.begin() as conn:
        conn.execute(update(RuleFile).where(RuleFile.sha256 == sha).values(content=swapped))
    found = replayed(county, decided)
    assert found.difference.seq == 0
    assert "not what was released" in found.difference.what.en
    with county.house.reader.connect() as conn:  # also where the true diagrams are still in memory
        assert replay(county.house, conn, decided.id).difference.seq == 0


def test_a_rule_book_that_is_gone_is_named(decided, county):
    with guards_down(county) as conn:
        rewrite(conn, decided, lambda entries: entries[3].update(rule="0" * 64))
    assert replayed(county, decided).difference.seq == 3


def test_another_kernel_is_told_not_guessed(decided, county, monkeypatch):
    monkeypatch.setattr(engine, "KERNEL", "99")
    found = replayed(county, decided)
    assert found.difference.seq == 0
    assert "99" in found.difference.what.en
