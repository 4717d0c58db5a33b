"""Abuses planted in a county among honest cases: each really stands in the log or the registers afterwards.

Read back here from entries, registers and the vault, without the rules that are to find them; then the rules
are asked, which know nothing of the planter.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from functools import cached_property

import pytest
from click.testing import CliRunner
from house_templates import require_sound_log
from small_county import CaseFile, SetClock, SmallCounty

from audit import READS, SYSTEM_CHAIN, chain_of, entries, openings
from workflow.cli import mingjian
from workflow.deadlines import SHANGHAI
from workflow.demo.manners import DILIGENT
from workflow.flags.keeping import run
from workflow.house import open_house
from workflow.simulation import command
from workflow.simulation.abuses.flagged import flagged
from workflow.simulation.abuses.manifest import Manifest, Planted, compare
from workflow.simulation.abuses.planting import Ground, live
from workflow.simulation.abuses.programme import PROGRAMME
from workflow.store.models import (
    Account,
    Case,
    CaseLink,
    Category,
    Claim,
    Household,
    Kin,
    Paper,
    Payment,
    Person,
    Task,
)

REMEMBERING = replace(DILIGENT, forgets=0.0)
"""Of eight honest cases one with a forgotten step would be too many to tell anything by."""
MANIFOLD = {
    "left_lying", "dragged_on", "accepted_outside", "filed_too_late", "chair_next_door", "photo_used_twice",
    "not_medical", "hospital_unknown", "stay_split", "paid_to_a_company",
}  # fmt: skip
"""Each of the three is another step, relation, word or paper. Of all other kinds the second and third differ
from the first by some days, yuan or people alone: in this county one of them stands for all.
"""
GROUND = Ground(
    8, townships=4, villages=1, last=date(2026, 11, 6), hours=(time(0, 5),), seed=5, bulk=False,
    manners=REMEMBERING,
    programme=[
        one if one.script.__name__ in MANIFOLD else replace(one, times=1) for one in PROGRAMME
    ],
)  # fmt: skip
DAY = timedelta(days=1)


class Lived:
    """The county after its year, as an onlooker reads it."""

    def __init__(self, house, lived):
        self.house, self.lived, self.manifest = house, lived, lived.manifest
        self.county = SmallCounty(house, SetClock(GROUND.end))
        self.numbers = {case.number: case for case in self.county.rows(Case)}

    @cached_property
    def reads(self):
        """Everything that anybody has looked at."""
        return [entry for number in self.numbers for entry in self.file(number).reads]

    def file(self, number):
        return CaseFile(self.county, self.numbers[number].id)

    def files(self, one):
        return [self.file(number) for number in one.cases]

    def task(self, number, node):
        return self.file(number).task(node)

    def answer(self, case, node, field, kind="task_completed"):
        """What was typed into a field of a step, opened from the vault."""
        for entry in case.entries:
            if entry["type"] == kind and (kind != "task_completed" or entry["task"]["node"] == node):
                with self.house.reader.connect() as conn:
                    found = openings(conn, self.house.vault, case.id, entry["seq"])
                if field in found:
                    return found[field].value
        return None

    def working_days(self, first, last):
        calendar, day, count = self.house.calendar(), first, 0
        while day < last:
            day += DAY
            count += calendar.is_working(day)
        return count

    def papers(self, case, kind):
        return [row.sha256 for row in self.county.rows(Paper, Paper.case_id == case.id, Paper.kind == kind)]

    def bills(self, *ids):
        return [self.county.rows(Claim, Claim.id == number)[0] for number in ids]

    def people(self, one):
        ids = [int(key.partition(":")[2]) for key in one.subjects if key.startswith("person:")]
        return [self.county.rows(Person, Person.id == number)[0] for number in ids]

    def opened_from(self, case_id):
        return {link.other_id for link in self.county.rows(CaseLink, CaseLink.case_id == case_id)}

    def paid(self, case):
        return [row for row in case.payments if row.status == "credited"]


def day_of(moment):
    return moment.astimezone(SHANGHAI).date()


@pytest.fixture(scope="module")
def year(tmp_path_factory):
    now = SetClock()
    house = open_house(None, tmp_path_factory.mktemp("county") / "home", now=now)
    yield Lived(house, live(house, GROUND, now, lambda done, of: None))
    house.close()


# --- each kind: True where the rule of domain 5.3 is broken


def left_lying(year, one):
    task = year.task(one.cases[0], one.facts["node"])
    return task.done_at is None or task.done_at >= task.due_at


def dragged_on(year, one):
    task = year.task(one.cases[0], one.facts["node"])
    return task.done_at > task.due_at


def long_pause(year, one):
    at = {entry["type"]: datetime.fromisoformat(entry["at_claimed"]) for entry in year.files(one)[0].entries}
    return year.working_days(day_of(at["case_paused"]), day_of(at["case_resumed"])) > 15


def paused_at_the_last_moment(year, one):
    tasks = [row for row in year.county.rows(Task, Task.node == "check_papers")]
    first = min((row for row in tasks if row.case_id == year.files(one)[0].id), key=lambda row: row.id)
    begun = day_of(first.opened_at)
    return year.working_days(begun, day_of(first.done_at)) >= 4


def accepted_outside(year, one):
    case = year.files(one)[0]
    written = date.fromisoformat(str(year.answer(case, "", "paper_date", "case_opened")))
    return year.working_days(written, day_of(case.row.opened_at)) > 2


def left_out(year, one):
    bills = [
        bill for person in year.people(one) for bill in year.county.rows(Claim, Claim.person_id == person.id)
    ]
    opened = [year.file(number).row.opened_at for number in one.cases]
    until = day_of(opened[0]) if opened else GROUND.last
    return year.working_days(bills[0].settled_on, until) > 30


def alert_unanswered(year, one):
    task = year.task(one.cases[0], "check_alert")
    return year.working_days(day_of(task.opened_at), day_of(task.done_at or GROUND.end)) > 5


def alert_without_inclusion(year, one):
    task = year.task(one.cases[0], "register_inclusion")
    return year.working_days(day_of(task.opened_at), day_of(task.done_at or GROUND.end)) > 10


def filed_too_late(year, one):
    (account,) = year.county.rows(Account, Account.login == one.facts["account"])
    kin = year.county.rows(Kin, Kin.account_id == account.id)
    case = year.files(one)[0]
    number = year.county.rows(Person, Person.id == case.row.applicant_id)[0].id_number
    (filed,) = [row for row in kin if row.id_number == number]
    acted = year.county.rows(Task, Task.case_id == case.id, Task.done_account == account.id)
    return filed.filed_at > case.task("decide").done_at and bool(acted)


def chair_next_door(year, one):
    case = year.files(one)[0]
    chair = year.answer(case, "record_review", "chair")
    home = year.people(one)[0].household_id
    members = {row.name for row in year.county.rows(Person, Person.household_id == home)}
    return chair in members


def decided_unread(year, one):
    case = year.files(one)[0]
    read = [entry for entry in case.reads if entry["type"] == "file_read"][-1]
    done = case.task(one.facts["node"]).done_at
    return done - datetime.fromisoformat(read["at_claimed"]) < timedelta(seconds=120)


def photo_used_twice(year, one):
    photos = [photo for case in year.files(one) for photo in year.papers(case, "photo_start")]
    return max(Counter(photos).values()) > 1


def minutes_used_twice(year, one):
    met = [year.answer(case, "record_review", "meeting_date") for case in year.files(one)]
    minutes = {sheet for case in year.files(one) for sheet in year.papers(case, "meeting_minutes")}
    return len(minutes) == 1 and len(set(map(str, met))) > 1


def surveys_copied(year, one):
    words = [year.answer(case, "survey_household", "living") for case in year.files(one)]
    return len(words) >= 3 and len(set(words)) == 1


def pressed_into_approval(year, one):
    again, case = year.files(one)
    petitions = year.county.rows(Task, Task.node == "answer_petition", Task.done_at.is_not(None))
    near = [row for row in petitions if case.id in year.opened_from(row.case_id)]
    decided = day_of(again.task("decide").done_at)
    assert case.row.outcome == "refused" and again.row.outcome == "approved"
    return year.working_days(day_of(near[0].done_at), decided) <= 10


def approved_without_new_evidence(year, one):
    again, case = year.files(one)
    assert case.row.outcome == "refused" and again.row.outcome == "approved"
    return not year.papers(again, "medical_history")


def on_a_leaders_note(year, one):
    case = year.files(one)[0]
    (opinion,) = [e for e in case.entries if e["task"] and e["task"]["node"] == "give_temporary_opinion"]
    return opinion["vars"]["answers"]["leader_note"] and bool(year.paid(case))


def invoice_twice(year, one):
    bills = [bill for case in year.files(one) for bill in case.bills]
    assert len(bills) == 2
    return len({(bill.hospital, bill.invoice_number) for bill in bills}) == 1


def two_beds(year, one):
    first, second = sorted(year.bills(*one.facts["bills"]), key=lambda bill: bill.admitted_on)
    return first.hospital != second.hospital and second.admitted_on < first.discharged_on


def more_than_the_bill(year, one):
    (bill,) = year.bills(one.facts["bill"])
    given = bill.basic + bill.serious_illness + bill.commercial + bill.other_relief + bill.aid_paid
    return given > bill.total


def not_medical(year, one):
    case = year.files(one)[0]
    reason = year.answer(case, "", "main_reason", "case_opened")
    return any(word in reason for word in ("生活用品", "交通费", "陪护费")) and bool(year.paid(case))


def treated_after_death(year, one):
    case = year.files(one)[0]
    (person,) = year.people(one)
    assert year.paid(case), "it was aided"
    return case.bills[0].admitted_on > person.died_on


def one_account_for_many(year, one):
    return len({person.household_id for person in year.people(one)}) >= 3 and (
        len({person.account_number for person in year.people(one)}) == 1
    )


def one_phone_for_many(year, one):
    return len({person.household_id for person in year.people(one)}) >= 3 and (
        len({person.phone for person in year.people(one)}) == 1
    )


def stranger_holds_the_account(year, one):
    case = year.files(one)[0]
    home = year.people(one)[0].household_id
    members = {row.name for row in year.county.rows(Person, Person.household_id == home)}
    return year.paid(case)[0].account_holder not in members


def dead_on_the_roster(year, one):
    (person,) = year.people(one)
    held = year.county.rows(Category, Category.person_id == person.id)
    last = [row.valid_to or GROUND.last for row in held]
    return max(last) - person.died_on > 30 * DAY


def put_on_the_roster_for_it(year, one):
    case = year.files(one)[0]
    (held,) = year.county.rows(Category, Category.person_id == case.row.applicant_id)
    assert year.paid(case)
    return day_of(held.recorded_at) - held.valid_from > 30 * DAY


def on_the_roster_today(year, one):
    case = year.files(one)[0]
    held = year.county.rows(Category, Category.person_id == case.row.applicant_id, Category.code == "DB")
    assert year.paid(case)
    return day_of(case.task("decide").done_at) - day_of(held[0].recorded_at) < 3 * DAY


def paid_late(year, one):
    case = year.files(one)[0]
    decided = day_of(case.task("sign_decision").done_at)
    return year.working_days(decided, day_of(year.paid(case)[0].settled_at)) > 15


def return_left_lying(year, one):
    case = year.files(one)[0]
    first, second = case.payments
    return year.working_days(day_of(first.settled_at), day_of(second.ordered_at)) > 5


def hospital_unknown(year, one):
    bill = year.files(one)[0].bills[0]
    return "医院" not in bill.hospital


def a_week_of_bills(year, one):
    bills = year.bills(*one.facts["bills"])
    days = [bill.settled_on for bill in bills]
    return len(bills) > 3 and max(days) - min(days) < 7 * DAY


def taken_down_early(year, one):
    case = year.files(one)[0]
    posted = day_of(case.postings[0].posted_at)
    down = date.fromisoformat(str(year.answer(case, "confirm_posting_village", "taken_down_on")))
    return down - posted < 7 * DAY


def relative_voted(year, one):
    case = year.files(one)[0]
    (review,) = [e for e in case.entries if e["task"] and e["task"]["node"] == "record_review"]
    number = year.county.rows(Person, Person.id == case.row.applicant_id)[0].id_number
    filed = year.county.rows(Kin, Kin.id_number == number)
    return review["vars"]["answers"]["voters_withdrawn"] == 0 and bool(filed)


def surveyed_alone(year, one):
    case = year.files(one)[0]
    beside = year.answer(case, "survey_household", "second_investigator")
    doer = case.task("survey_household").done_account
    return year.county.rows(Account, Account.id == doer)[0].name == beside


def refused_by(rule):
    def tried(year, one):
        refused = [e for e in year.files(one)[0].reads if e["type"] == "attempt_refused"]
        return any(entry["vars"]["detail"] == rule for entry in refused)

    return tried


def split_below_the_limit(year, one):
    first, second = year.files(one)
    assert all(year.paid(case) for case in (first, second))
    homes = {
        year.county.rows(Person, Person.id == case.row.applicant_id)[0].household_id
        for case in (first, second)
    }
    apart = abs(second.row.opened_at - first.row.opened_at)
    return len(homes) == 1 and apart <= 30 * DAY and first.row.aid + second.row.aid > 3000


def papers_never_came(year, one):
    case = year.files(one)[0]
    tasks = year.county.rows(Task, Task.case_id == case.id)
    return not any(row.node.startswith("receive_") and row.done_account for row in tasks)


def out_of_catalogue(year, one):
    bill = year.files(one)[0].bills[0]
    return bill.out_of_catalogue / bill.total > 0.5


def stay_split(year, one):
    first, second = sorted(year.bills(*one.facts["bills"]), key=lambda bill: bill.admitted_on)
    return first.hospital == second.hospital and second.admitted_on - first.discharged_on <= DAY


def no_night(year, one):
    (bill,) = year.bills(one.facts["bill"])
    return bill.admitted_on == bill.discharged_on


def thirty_one_views(year, one):
    (login,) = [key.partition(":")[2] for key in one.subjects]
    (account,) = year.county.rows(Account, Account.login == login)
    days = Counter(
        day_of(datetime.fromisoformat(e["at_claimed"]))
        for e in year.reads
        if e["type"] == "file_read" and e["actor"]["id"] == account.id
    )
    return max(days.values()) > 30


def large_export(year, one):
    (login,) = [key.partition(":")[2] for key in one.subjects]
    (account,) = year.county.rows(Account, Account.login == login)
    with year.house.reader.connect() as conn:
        told = [stored.entry for stored in entries(conn, chain_of(SYSTEM_CHAIN, READS))]
    (taken,) = [e for e in told if e["type"] == "file_exported" and e["actor"]["id"] == account.id]
    return taken["vars"]["count"] > 200


def part_refused(year, one):
    return year.files(one)[0].row.outcome != "approved"


def steps_of(year, one, node):
    """The steps of a kind that an account has done."""
    (login,) = [key.partition(":")[2] for key in one.subjects]
    (account,) = year.county.rows(Account, Account.login == login)
    return year.county.rows(Task, Task.node == node, Task.done_account == account.id)


def slow_reviewer(year, one):
    lain = [
        year.working_days(day_of(t.opened_at), day_of(t.done_at)) for t in steps_of(year, one, "audit_file")
    ]
    assert min(lain) >= 3
    return len(lain) >= 20


def always_at_the_last(year, one):
    left = [task.due_at - task.done_at for task in steps_of(year, one, "audit_file")]
    assert timedelta(0) < min(left) and max(left) < timedelta(hours=8)
    return len(left) >= 20


def township_agrees(year, one):
    entries = [e for number in one.facts["cases"] for e in year.file(number).entries if e["task"]]
    said = [e["vars"]["answers"]["opinion"] for e in entries if e["task"]["node"] == "give_opinion"]
    return len(said) >= 30 and set(said) == {"qualified"}


def hospital_of_advances(year, one):
    flows = Counter(year.numbers[number].flow for number in one.facts["cases"])
    return flows["ma_green_channel"] / flows.total() > 0.15


def kin_of_cadres(year, one):
    village = year.county.rows(Person, Person.id == year.files(one)[0].row.applicant_id)
    place = year.county.rows(Household, Household.id == village[0].household_id)[0].village
    homes = {row.id for row in year.county.rows(Household, Household.village == place)}
    people = [row for row in year.county.rows(Person) if row.household_id in homes]
    filed = {row.id_number for row in year.county.rows(Kin)}
    of_cadres = {row.household_id for row in people if row.id_number in filed}
    helped = [case.row.applicant_id for case in year.files(one) if year.paid(case)]
    receiving = {row.household_id for row in people if row.id in helped}
    share = len(receiving & of_cadres) / len(receiving)
    return len(receiving) >= 5 and share / (len(of_cadres) / len(homes)) > 2


def twenty_decisions(year, one):
    done = sorted(case.task("give_basic_opinion").done_at for case in year.files(one))
    return any(later - first <= timedelta(minutes=10) for first, later in zip(done, done[19:], strict=False))


def whole_village_refused(year, one):
    return {case.row.outcome for case in year.files(one)} == {"refused"}


def rush_before_new_year(year, one):
    given = [case.row for case in year.files(one) if case.row.outcome == "approved"]
    late = [row for row in given if row.opened_at.month >= 11]
    return len(late) / len(given) > 0.25


def filed_for_a_dozen(year, one):
    opened = sorted(case.row.opened_at for case in year.files(one))
    assert all(year.paid(case) for case in year.files(one))
    return len(opened) > 10 and opened[-1] - opened[0] < 7 * DAY


BROKEN: dict[str, Callable[[Lived, Planted], bool]] = {
    check.__name__: check
    for check in (
        left_lying, dragged_on, long_pause, paused_at_the_last_moment, accepted_outside, left_out,
        alert_unanswered, alert_without_inclusion, filed_too_late, chair_next_door, decided_unread,
        photo_used_twice, minutes_used_twice, surveys_copied, pressed_into_approval,
        approved_without_new_evidence, on_a_leaders_note, invoice_twice, two_beds, more_than_the_bill,
        not_medical, treated_after_death, one_account_for_many, one_phone_for_many, dead_on_the_roster,
        put_on_the_roster_for_it, on_the_roster_today, paid_late, return_left_lying, hospital_unknown,
        a_week_of_bills, taken_down_early, relative_voted, surveyed_alone, split_below_the_limit,
        part_refused, kin_of_cadres, twenty_decisions, whole_village_refused, rush_before_new_year,
        filed_for_a_dozen, papers_never_came, out_of_catalogue, stay_split, no_night, thirty_one_views,
        large_export, slow_reviewer, always_at_the_last, township_agrees, hospital_of_advances,
    )
} | {
    "account_of_a_stranger": stranger_holds_the_account,
    "paid_to_a_company": stranger_holds_the_account,
    "paid_to_staff": stranger_holds_the_account,
    "both_steps": refused_by("SD-1"),
    "away_and_acting": refused_by("leave"),
}  # fmt: skip


def test_everything_planted_really_stands_there_and_every_near_miss_stays_on_the_right_side(year):
    """One test on purpose: the year is lived once."""
    assert year.lived.failed == ()
    wrong = [
        f"{one.rule} {one.kind} {'near' if one.near else 'abuse'}: {one.what} {one.cases}"
        for one in year.manifest.planted
        if bool(BROKEN[one.kind](year, one)) is one.near
    ]
    assert wrong == []
    of_each_as_many_as_were_to_be_and_a_near_miss(year.manifest)
    nothing_is_both_planted_and_called_impossible(year.manifest)
    the_honest_are_honest(year)
    require_sound_log(year.county)
    the_red_flags_find_all_of_it_and_leave_the_rest_alone(year)


def of_each_as_many_as_were_to_be_and_a_near_miss(manifest):
    lived = [planting for planting in GROUND.programme if not planting.bulk]
    for near in (False, True):
        planted = Counter((one.rule, one.kind) for one in manifest.planted if one.near is near)
        wanted = {(one.rule, one.script.__name__): one.near if near else one.times for one in lived}
        assert {each: planted[each] for each in wanted} == wanted


def nothing_is_both_planted_and_called_impossible(manifest):
    every = {f"RF-{number:02d}" for number in range(1, 41)}
    spoken_of = {one.rule for one in manifest.planted} | {rule[:5] for rule in manifest.impossible}
    bulk = {planting.rule for planting in PROGRAMME if planting.bulk}
    assert every - spoken_of - bulk == set(), "each is planted, or told why not"


def the_honest_are_honest(year):
    apart = {year.numbers[number].id for number in year.manifest.apart}
    honest = [case for case in year.numbers.values() if case.id not in apart]
    assert len(honest) >= GROUND.cases
    papers = [row for row in year.county.rows(Paper) if row.case_id not in apart]
    assert len({row.sha256 for row in papers}) == len(papers), "no sheet is used twice"
    tasks = [row for row in year.county.rows(Task) if row.case_id not in apart and row.kind == "user"]
    late = [row for row in tasks if row.due_at and (row.done_at or GROUND.end) > row.due_at]
    assert len(late) <= len(tasks) // 50
    for case in honest:
        assert not [e for e in year.file(case.number).reads if e["type"] == "attempt_refused"]
        assert all(row.done_at - row.opened_at >= timedelta(minutes=5) for row in tasks if row.done_at)
    shared = Counter(row.account_number for row in year.county.rows(Payment) if row.case_id not in apart)
    assert max(shared.values(), default=0) <= 2


def the_red_flags_find_all_of_it_and_leave_the_rest_alone(year):
    outcome = run(year.house, GROUND.end)
    assert outcome.rules.faults == () and not [one.fault for one in outcome.asked.values() if one.fault]
    with year.house.reader.connect() as conn:
        found = flagged(conn, outcome.asked)
    held = compare(year.manifest, found.flags, found.high)
    assert [(one.rule, one.kind) for one in held.missed] == []
    assert [(one.rule, one.kind) for one in held.wrong] == []
    assert held.share <= 0.02, held.honest_high


def test_the_programme_has_three_of_each_kind_and_a_near_miss():
    assert all(one.times >= 3 and one.near >= 1 for one in PROGRAMME)
    kinds = {one.script.__name__ for one in PROGRAMME}
    assert kinds > MANIFOLD and len(kinds) == len(PROGRAMME)


# --- the comparison


def planted(rule, near=False, cases=(), subjects=()):
    return Planted(rule, "kind", near, "what", tuple(cases), tuple(subjects))


MANIFEST = Manifest(
    [
        planted("RF-01", cases=["2026-0001"]),
        planted("RF-02", cases=["2026-0002", "2026-0003"]),
        planted("RF-32", subjects=["account:trev1"]),
        planted("RF-32", near=True, subjects=["account:trev2"]),
    ],
    ["2026-0001", "2026-0002", "2026-0003"], 103, {},
)  # fmt: skip


def test_a_flag_of_the_right_rule_on_any_of_its_cases_or_subjects_finds_an_abuse():
    flags = {("RF-01", "2026-0001"), ("RF-02", "2026-0003"), ("RF-32", "account:trev1")}
    found = compare(MANIFEST, flags, flags)
    assert (found.missed, found.wrong, found.honest_high, found.share) == ((), (), (), 0.0)


def test_another_rule_does_not_find_it_and_a_near_miss_must_not_be_flagged():
    found = compare(MANIFEST, {("RF-02", "2026-0001"), ("RF-32", "account:trev2")}, ())
    assert [one.rule for one in found.missed] == ["RF-01", "RF-02", "RF-32"]
    assert found.wrong == (MANIFEST.planted[3],)
    assert found.by_rule == {"RF-01": (1, 0), "RF-02": (1, 0), "RF-32": (1, 1)}


def test_the_share_counts_honest_cases_once_whatever_they_carry():
    high = {("RF-07", "2026-0050"), ("RF-15", "2026-0050"), ("RF-09", "2026-0051"), ("RF-09", "2026-0002")}
    found = compare(MANIFEST, high, {*high, ("RF-24", "account:twin1")})
    assert found.honest_high == ("2026-0050", "2026-0051") and found.share == 0.02


def test_a_manifest_is_read_as_it_was_written(tmp_path):
    MANIFEST.write(tmp_path / "manifest.json")
    assert Manifest.read(tmp_path / "manifest.json") == MANIFEST


def test_the_command_leaves_the_county_and_its_manifest_for_whoever_inspects(tmp_path, monkeypatch):
    few = tuple(one for one in PROGRAMME if one.script.__name__ in {"more_than_the_bill", "large_export"})
    small = replace(GROUND, programme=few, last=date(2026, 2, 28))
    monkeypatch.setattr(command, "Ground", lambda cases, seed: replace(small, cases=cases, seed=seed))
    home, manifest = tmp_path / "kept", tmp_path / "manifest.json"
    told = ["simulate", "--abuses", "--cases", "2", "--manifest", str(manifest), "--keep", str(home)]
    done = CliRunner().invoke(mingjian, told)
    assert done.exit_code == 0, done.output
    assert "6 abuses of 2 rules planted, 2 near-misses" in done.output
    assert (home / "mingjian.sqlite").exists() and len(Manifest.read(manifest).planted) == 8
    again = CliRunner().invoke(mingjian, told)
    assert again.exit_code == 2 and "not empty" in again.output
