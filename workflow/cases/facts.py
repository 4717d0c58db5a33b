"""What a step needs to know beyond its form: asked at the moment of completion, recorded in the log.

A provider reads the register and returns decision variables; replay serves the recorded values. The
names by which diagrams ask for them stand in `workflow.cases.asking`.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import bindparam, exists, select

from workflow.cases.work import Work
from workflow.store.models import Claim, Kin, Person, table
from workflow.store.prepared import Prepared

CLAIM = table(Claim)
_mine = CLAIM.alias()
_UNSETTLED = Prepared(
    select(
        exists()
        .where(CLAIM.c.case_id == bindparam("case"), CLAIM.c.serious_illness_settled.is_(False))
        .label("found")
    )
)
_DUPLICATE = Prepared(
    select(
        exists()
        .where(_mine.c.case_id == bindparam("case"))
        .where(CLAIM.c.invoice_number == _mine.c.invoice_number, CLAIM.c.hospital == _mine.c.hospital)
        .where(CLAIM.c.case_id.is_not(None), CLAIM.c.case_id != bindparam("case"))
        .label("found")
    )
)
_RELATIVE = Prepared(
    select(
        exists()
        .where(Kin.id_number == Person.id_number)
        .where((Person.id == bindparam("person_id")) | (Person.household_id == bindparam("household_id")))
        .label("found")
    )
)


def serious_illness(work: Work, variables: Mapping[str, Any]) -> dict[str, Any]:
    """F13: is serious-illness insurance settled for every bill of the case?"""
    return {"serious_illness_settled": not _UNSETTLED.scalar(work.conn, {"case": work.row.id.hex})}


def duplicates(work: Work, variables: Mapping[str, Any]) -> dict[str, Any]:
    """RF-12a: is an invoice of this case in any other case?"""
    return {"duplicate_found": bool(_DUPLICATE.scalar(work.conn, {"case": work.row.id.hex}))}


def relatives(work: Work, variables: Mapping[str, Any]) -> dict[str, Any]:
    """Is anybody of the household filed as a relative of somebody on duty (domain 6.2)?"""
    household = {"person_id": work.row.applicant_id, "household_id": work.row.household_id}
    return {"relative_case": bool(_RELATIVE.scalar(work.conn, household))}
