"""What stands on the papers of this very case: names, votes, numbers. The story of a case may differ."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, select

from workflow.demo.staff import REPRESENTATIVES, Post
from workflow.demo.stories import Plan
from workflow.store.models import Case, Claim, Instalment, Person, Recovery, table
from workflow.store.prepared import Prepared

FEWEST, ALL = 12, len(REPRESENTATIVES)
_APPLICANT = select(Person.name).join(Case, Case.applicant_id == Person.id)
_NAME = Prepared(_APPLICANT.where(Case.id == bindparam("case_id")))
_INVOICE = Prepared(
    select(Claim.invoice_number)
    .join(Case, Case.applicant_id == Claim.person_id)
    .where(Case.id == bindparam("case_id"))
    .order_by(Claim.id.desc())
)
_OWED = Prepared(select(table(Recovery).c.outstanding).where(Recovery.case_id == bindparam("case_id")))
_PART = Prepared(  # of the newest plan the first: no other is larger by more than a fen
    select(table(Instalment).c.amount)
    .where(Instalment.case_id == bindparam("case_id"))
    .order_by(Instalment.plan.desc(), Instalment.number)
)
GRACE = timedelta(days=20)
"""From the agreement to the day on which the first money is due."""
READ_OFF: Mapping[str, tuple[str, Prepared]] = {
    "correct_account": ("account_holder", _NAME),
    "deliver_letter": ("receiver", _NAME),
    "receive_full_papers": ("invoice_numbers", _INVOICE),
}
POSTINGS = {"post_review_result": "村委会公示栏", "post_audit_opinion": "乡镇政务公开栏和村公示栏",
            "post_decision_proposal": "县医保局和村公示栏"}  # fmt: skip
SURVEYS = frozenset({"survey_household", "county_visit"})
Posts = Mapping[tuple[str, str], Sequence[Post]]


def told(conn: Connection, random: Random, posts: Posts, case_id: UUID, village: str, node: str) -> Plan:
    """What the papers of a step say; empty where they say nothing of their own."""
    if node in READ_OFF:
        name, wanted = READ_OFF[node]
        return {name: str(wanted.scalar(conn, {"case_id": case_id}))}
    if node == "record_repayment":
        owed = [query.scalar(conn, {"case_id": case_id}) for query in (_OWED, _PART)]
        return {"repaid": str(min(each for each in owed if each is not None))}
    if node == "record_review":
        return review(random, posts, village)
    if node in SURVEYS:
        return _named("second_investigator", posts.get((f"{village[:9]}000", "TINV"), ())[-1:])
    if node in POSTINGS:
        return {"complaint_phone": phone_of(village), "places": POSTINGS[node]}
    return {}


def owed(node: str, variables: Mapping[str, Any], today: date) -> Plan:
    """What a recovery works out: what was due as the register stands, if that is less than was paid; when
    the first money is to come back.
    """
    if node in {"state_facts", "review_recovery"} and variables["due_now_fen"] < variables["paid_fen"]:
        return {"due": f"{Decimal(variables['due_now_fen']) / 100:.2f}"}
    if node == "agree_payback":
        day = (today + GRACE).isoformat()
        return {"pay_on": day, "first_on": day}
    return {}


def phone_of(village: str) -> str:
    """The township's telephone for complaints."""
    return f"0796-76{int(village[6:9]) % 100:02d}{int(village[6:9]) * 7 % 1000:03d}"


def review(random: Random, posts: Posts, village: str) -> dict[str, Any]:
    """A meeting of the village's representatives that agrees, chaired by its head."""
    present = random.randint(FEWEST, ALL)
    against = random.randint(0, present // 5)
    abstained = random.randint(0, present // 6)
    return {
        "voters_called": str(ALL),
        "voters_present": str(present),
        "voters_withdrawn": "0",
        "votes_yes": str(present - against - abstained),
        "votes_no": str(against),
        "votes_abstain": str(abstained),
        "signatures": str(present),
        "signers": "、".join(random.sample(REPRESENTATIVES, present)),
        "method": random.choice(("secret", "hands")),
        **_named("chair", posts.get((village, "VHEAD"), ())),
        **_named("recorder", posts.get((village, "VLIA"), ())),
    }


def _named(field: str, posts: Sequence[Post]) -> dict[str, str]:
    """The one who sits there, by name; nothing where nobody does."""
    return {field: posts[0].name} if posts else {}
