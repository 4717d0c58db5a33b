"""Which closed cases a spot check draws from: some kinds apart, the rest by township and village."""

from datetime import date

from small_county import VILLAGE
from sqlalchemy import insert, update

from workflow.spot_checks.framing import frame_of
from workflow.store import transaction
from workflow.store.models import Advance, Case

POLICY = "fugu-temporary"
TEMPORARY = {"grant_kind": "living", "requested": "3500", "persons": 3, "cadre_signed": True}


def framed(county, *, special=False, first=None, last=None, at=None):
    days = first or county.today.replace(month=1, day=1), last or county.today
    with county.house.reader.connect() as conn:
        return frame_of(conn, "360829", *days, at or county.clock.at, special=special)


def close(county, *cases):
    for case in cases:
        county.staff["vlia1"].withdraws(case)
        assert case.row.closed_at == county.clock.at


def temporary(county, person):
    papers = ("application_form", "id_card")
    return county.staff["vlia1"].asks(
        "ta_temporary", person, papers=papers, policy="fugu-temporary", **TEMPORARY
    )


def test_relatives_advances_and_leaders_notes_stand_apart(county, case_at):
    plain, related, advanced, refused = (case_at("enquire") for _ in range(4))
    noted = temporary(county, county.household()[0])
    county.drive(noted, "sign_temporary_opinion", {"give_temporary_opinion": {"leader_note": True}})
    close(county, plain, related, noted, advanced, refused)
    with transaction(county.house.engine) as conn:
        conn.execute(update(Case).where(Case.id == related.id).values(relative=True))
        for case, granted_at in ((advanced, county.clock.at), (refused, None)):
            request = {
                "case_id": case.id, "variant": "c", "requested_by": "hospital", "asked_how": "system",
                "asked_by": "360829-hospital", "hospital": "安福县人民医院", "asked_at": county.clock.at,
                "diagnosis": True, "granted_at": granted_at,
            }  # fmt: skip
            conn.execute(insert(Advance), request)
    frame = framed(county)
    assert frame["always"] == {
        "relative": [related.id.hex], "advance": [advanced.id.hex], "leader_note": [noted.id.hex],
    }  # fmt: skip
    assert frame["townships"]["360829100"][VILLAGE]["urban"] == sorted([plain.id.hex, refused.id.hex])


def test_only_what_was_closed_in_these_days_and_before_the_plan(county, clock, case_at):
    old, inside, open_one, later = (case_at("enquire") for _ in range(4))
    close(county, old)
    clock.forward(days=3)
    close(county, inside)
    planned = clock.at
    clock.forward(hours=1)
    close(county, later)
    frame = framed(county, first=county.today, at=planned)
    assert frame["townships"] == {"360829100": {VILLAGE: {"urban": [inside.id.hex], "rural": []}}}
    assert open_one.id.hex not in str(framed(county))
    assert framed(county, first=date(2025, 1, 1), last=date(2025, 1, 2))["townships"] == {}


def test_of_a_special_inspection_a_household_counts_once_with_its_newest_case(county, clock, case_at):
    first = case_at("enquire")
    close(county, first)
    clock.forward(hours=1)
    again = temporary(county, first.row.applicant_id)
    close(county, again)
    both = framed(county)["townships"]["360829100"][VILLAGE]["urban"]
    assert both == sorted([first.id.hex, again.id.hex])
    assert framed(county, special=True)["townships"]["360829100"][VILLAGE]["urban"] == [again.id.hex]
