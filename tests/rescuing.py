"""A request for the green channel, step by step: for all tests that need one."""

from small_county import CaseFile

from workflow.store.models import Advance, CaseLink, Claim

BILL = {"interim_kind": "inpatient", "interim_total": "30000.00", "interim_out_of_catalogue": "1000.00",
        "interim_insurance": "21000.00", "interim_other": "0.00"}  # fmt: skip
"""8,000 yuan stay with the patient: 4,875.00 of aid for a DB household."""


def asks(who, person, *, papers=("diagnosis",), **answers):
    plan = {"variant": "c", "requested_by": "hospital", "asked_how": "system", "hospital": "安福县人民医院"}
    return who.asks("ma_green_channel", person, papers=papers, **{**plan, **answers})


def checked(case, **answers):
    case.county.staff["chnd"].completes("verify_identity", case, **{**BILL, **answers})
    return case


def granted(case, amount="3000.00", way="guarantee"):
    case.county.staff["capr"].completes("grant_advance", case, advance_decision=way, advance=amount)
    return case


def invoice(case):
    return case.county.rows(Claim, Claim.person_id == case.row.applicant_id)[0].invoice_number


def until(case, node, **plans):
    plan = {
        "receive_full_papers": {"invoice_numbers": invoice(case)},
        "receive_papers_county": {"invoice_numbers": invoice(case)},
        "report_discharge": {"discharged_on": case.county.today},
        "note_discharge": {"discharged_on": case.county.today},
        "recheck_advance": {"advance_paid": "3000.00"},
        **plans,
    }
    return case.county.drive(case, node, plan)


def advance(case):
    return case.county.rows(Advance, Advance.case_id == case.id)[0]


def recovery_of(case):
    link = case.county.rows(CaseLink, CaseLink.other_id == case.id)[0]
    assert link.kind == "recovery"
    return CaseFile(case.county, link.case_id)
