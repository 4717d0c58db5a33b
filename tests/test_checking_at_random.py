"""抽查: planned in the log, drawn when the log has come so far, repeatable by anybody, recorded by case."""

import json
from dataclasses import replace
from datetime import datetime, time, timedelta
from hashlib import sha256

import pytest
from click.testing import CliRunner
from small_county import VILLAGE
from sqlalchemy import update

from audit import LOG, READS, SYSTEM_CHAIN, canonical, chain_of, entries, index
from workflow.cli import mingjian
from workflow.deadlines import SHANGHAI
from workflow.errors import AnswersRefused, NotAllowed, NotFound, StepImpossible
from workflow.spot_check_commands import DrawSpotCheck, PlanSpotCheck, RecordSheet
from workflow.spot_checks.verifying import verify_plan
from workflow.store import transaction
from workflow.store.models import Case, SpotCheck, SpotCheckSheet

WORD = "青山不老 绿水长流 7"
SAID = sha256(WORD.encode()).hexdigest()


@pytest.fixture
def closed(county, case_at):
    """Four closed cases, one of them of a filed relative; the log is published."""
    cases = [case_at("enquire") for _ in range(4)]
    for case in cases:
        county.staff["vlia1"].withdraws(case)
    with transaction(county.house.engine) as conn:
        conn.execute(update(Case).where(Case.id == cases[0].id).values(relative=True))
    county.night()
    return cases


@pytest.fixture
def insp(county):
    return county.staff["insp"]


def planned(county, kind="quarterly", commitment=SAID):
    return PlanSpotCheck(kind, county.today.replace(day=1), county.today, commitment)


def plan_of(county, insp, **more):
    return int(insp.does(planned(county, **more)).number)


def grow(county, number=25):
    """The offices go on working, and the log is published."""
    case = county.staff["vlia1"].files(*county.household())
    for _ in range(number):
        county.staff["vlia1"].attaches(case, "invoice")
    county.night()


def verified(county, plan):
    with county.house.reader.connect() as conn:
        return verify_plan(county.house, conn, plan)


def system(county, chain=SYSTEM_CHAIN):
    with county.house.reader.connect() as conn:
        return [one.entry for one in entries(conn, chain)]


def test_the_plan_fixes_the_frame_before_anybody_can_know_the_seed(county, closed, insp):
    plan = plan_of(county, insp)
    entry, row = system(county)[-1], county.rows(SpotCheck)[0]
    assert entry["type"] == "spot_check_planned" and row.id == plan
    assert entry["vars"]["frame"] == sha256(row.frame).hexdigest()
    assert entry["vars"]["strata"] == {"relative": 1, "advance": 0, "leader_note": 0, "360829100": 3}
    frame = canonical.decode_strict(row.frame)
    assert frame["always"]["relative"] == [closed[0].id.hex]
    assert len(frame["townships"]["360829100"][VILLAGE]["urban"]) == 3
    assert entry["vars"]["commitment"] == SAID and WORD not in json.dumps(entry, ensure_ascii=False)


def test_it_cannot_be_drawn_before_the_log_has_come_so_far(county, closed, insp):
    plan = plan_of(county, insp)
    with pytest.raises(StepImpossible, match="Not yet"):
        insp.does(DrawSpotCheck(plan, WORD))
    county.night()
    with pytest.raises(StepImpossible, match="missing"):
        insp.does(DrawSpotCheck(plan, WORD))
    assert verified(county, plan).ok and not verified(county, plan).drawn
    grow(county)
    insp.does(DrawSpotCheck(plan, WORD))
    assert [row.stratum for row in county.rows(SpotCheckSheet)] == ["relative", "360829100"]


def test_drawing_again_gives_the_same_and_anybody_can_repeat_it(county, closed, insp):
    plan = plan_of(county, insp)
    grow(county)
    first = insp.does(DrawSpotCheck(plan, WORD))
    kept = county.rows(SpotCheckSheet)
    grow(county, 10)
    assert insp.does(DrawSpotCheck(plan, WORD)).seq == first.seq
    assert county.rows(SpotCheckSheet) == kept
    found = verified(county, plan)
    assert found.ok and found.drawn
    assert [one.case for one in found.sample] == [row.case_id.hex for row in kept]


def test_a_case_closed_later_is_not_in_the_frame(county, closed, insp, case_at):
    plan = plan_of(county, insp)
    late = case_at("enquire")
    county.staff["vlia1"].withdraws(late)
    grow(county)
    insp.does(DrawSpotCheck(plan, WORD))
    assert late.id.hex.encode() not in county.rows(SpotCheck)[0].frame


def test_a_draw_waits_for_the_first_time_record_on_or_after_a_day(county, closed, insp):
    day = county.today + timedelta(days=3)
    plan = int(insp.does(replace(planned(county), on=day)).number)
    said = system(county)[-1]["vars"]
    assert (said["on"], said["size"]) == (day.isoformat(), 0)
    grow(county)
    with pytest.raises(StepImpossible, match="first time record on or after"):
        insp.does(DrawSpotCheck(plan, WORD))
    county.clock.at = datetime.combine(day, time(0, 30), SHANGHAI)
    with pytest.raises(StepImpossible, match="first time record"):
        insp.does(DrawSpotCheck(plan, WORD))
    for _ in range(3):
        county.clock.at += timedelta(hours=1)
        county.night()
    insp.does(DrawSpotCheck(plan, WORD))
    drawn = system(county)[-1]["vars"]
    with county.house.reader.connect() as conn:
        tree = index.trees(conn)[LOG][0]
        ticks = [
            (one["at_recorded"], place) for one in system(county) if one["type"] == "tick"
            for place in index.places(conn, tree, [(SYSTEM_CHAIN, one["seq"])]).values()
        ]  # fmt: skip
    midnight = datetime.combine(day, time.min, SHANGHAI)
    later = [place for at, place in ticks if datetime.fromisoformat(at) >= midnight]
    assert len(later) > 1 and drawn["size"] == later[0] + 1 < later[1]
    again = verified(county, plan)
    assert again.ok and again.drawn and len(again.sample) == drawn["cases"], again.faults
    with transaction(county.house.engine) as conn:
        conn.execute(update(SpotCheck).values(draw_on=day + timedelta(days=1)))
    assert [fault.en for fault in verified(county, plan).faults] == ["The plan is not the one in the log."]


def test_without_the_word_nobody_draws(county, closed, insp):
    plan = plan_of(county, insp)
    grow(county)
    with pytest.raises(AnswersRefused, match="committed"):
        insp.does(DrawSpotCheck(plan, "another word altogether"))
    for login in ("sup-msb", "capr"):
        with pytest.raises(NotAllowed):
            county.staff[login].does(DrawSpotCheck(plan, WORD))
        with pytest.raises(NotAllowed):
            county.staff[login].does(planned(county))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"frame": b'{"always":{},"townships":{}}'}, "The frame is not"),
        ({"kind": "special"}, "not the one in the log"),
        ({"size": 3}, "not the one in the log"),
    ],
)
def test_a_plan_that_was_changed_is_noticed(county, closed, insp, change, said):
    plan = plan_of(county, insp)
    grow(county)
    insp.does(DrawSpotCheck(plan, WORD))
    with transaction(county.house.engine) as conn:
        conn.execute(update(SpotCheck).where(SpotCheck.id == plan).values(**change))
    found = verified(county, plan)
    assert not found.ok and any(said in fault.en for fault in found.faults)


def test_a_frame_that_was_changed_is_not_drawn_from(county, closed, insp):
    plan = plan_of(county, insp)
    grow(county)
    with transaction(county.house.engine) as conn:
        conn.execute(update(SpotCheck).values(frame=b'{"always":{},"townships":{}}'))
    with pytest.raises(StepImpossible, match="frame"):
        insp.does(DrawSpotCheck(plan, WORD))


def test_a_sheet_put_in_place_of_another_is_noticed(county, closed, insp):
    plan = plan_of(county, insp)
    grow(county)
    insp.does(DrawSpotCheck(plan, WORD))
    drawn = {row.case_id for row in county.rows(SpotCheckSheet)}
    other = next(case.id for case in closed if case.id not in drawn)
    last = county.rows(SpotCheckSheet)[-1]
    with transaction(county.house.engine) as conn:
        conn.execute(update(SpotCheckSheet).where(SpotCheckSheet.id == last.id).values(case_id=other))
    assert [fault.en for fault in verified(county, plan).faults] == [
        "The sheets are not those of the sample."
    ]


def test_a_special_inspection_counts_a_household_once(county, closed, insp):
    plan = plan_of(county, insp, kind="special")
    vars_ = system(county)[-1]["vars"]
    assert vars_["figures"] == {"villages": 2, "households": 10, "urban": 6, "rural": 4}
    grow(county)
    insp.does(DrawSpotCheck(plan, WORD))
    assert len(county.rows(SpotCheckSheet)) == 4, "all there are"


def test_what_was_found_goes_into_the_log_of_reads(county, closed, insp):
    plan = plan_of(county, insp)
    grow(county)
    insp.does(DrawSpotCheck(plan, WORD))
    case = closed[0]
    answers = dict.fromkeys(county.house.spot_checks().sheet, "right")
    with pytest.raises(AnswersRefused):
        insp.does(RecordSheet(case.id, plan, {**answers, "survey": "perhaps"}))
    with pytest.raises(AnswersRefused):
        insp.does(RecordSheet(case.id, plan, answers, "欧阳福根家没有去过"))
    with pytest.raises(NotAllowed):
        county.staff["tlead1"].does(RecordSheet(case.id, plan, answers))
    before, entries_before = len(system(county)), len(case.entries)
    insp.does(RecordSheet(case.id, plan, {**answers, "survey": "wrong"}, "调查记录缺第二名调查人签字"))
    entry = system(county, chain_of(SYSTEM_CHAIN, READS))[-1]
    assert entry["type"] == "spot_check_recorded" and entry["vars"]["answers"]["survey"] == "wrong"
    assert entry["commit"].keys() == {"remark"}
    assert len(system(county)) == before and len(case.entries) == entries_before
    drawn = {row.case_id for row in county.rows(SpotCheckSheet)}
    other = next(case for case in closed if case.id not in drawn)
    with pytest.raises(NotFound):
        insp.does(RecordSheet(other.id, plan, answers))


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"kind": "all"}, "kind"),
        ({"commitment": "x"}, "word"),
        ({"last": "before"}, "last"),
        ({"first": "old"}, "first"),
    ],
)
def test_a_plan_that_cannot_be_is_refused(county, closed, insp, change, field):
    day = county.today
    values = {"kind": "quarterly", "first": day.replace(day=1), "last": day, "commitment": SAID, **change}
    if change.get("last") == "before":
        values["last"] = day.replace(year=day.year - 1)
    if change.get("first") == "old":
        values["first"] = values["last"] = day.replace(year=day.year - 1)
    with pytest.raises(AnswersRefused) as refused:
        insp.does(PlanSpotCheck(**values))
    assert field in {fault.field for fault in refused.value.faults}


@pytest.mark.parametrize("county", ["sqlite"], indirect=True)
def test_the_command_line_draws_and_repeats(county, closed, insp, tmp_path):
    plan = str(plan_of(county, insp))
    grow(county)
    home, run = ["--home", str(county.house.home)], CliRunner().invoke
    said = ["--as", "insp", "--word", WORD]
    drawn = run(mingjian, [*home, "spot-check", "draw", plan, *said], input="mingjian-demo\n")
    assert drawn.exit_code == 0, drawn.output
    frame = tmp_path / "frame.json"
    again = run(mingjian, [*home, "spot-check", "draw", "--verify", plan, "--frame", str(frame)])
    assert again.exit_code == 0 and "comes out the same" in again.output
    assert sha256(frame.read_bytes()).hexdigest() in again.output
    with transaction(county.house.engine) as conn:
        conn.execute(update(SpotCheck).values(frame=b"{}"))
    assert run(mingjian, [*home, "spot-check", "draw", "--verify", plan]).exit_code == 1
