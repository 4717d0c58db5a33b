"""One case with the names that stand beside it: the row every page about a case begins with."""

from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, case, select
from sqlalchemy.orm import aliased

from workflow.errors import NotFound
from workflow.store.models import Case, Household, Organisation, Person, table
from workflow.store.prepared import Prepared

ERASED_NAME = "〔已依法删除〕"
shown_name = case((Case.erased_at.is_(None), Person.name), else_=ERASED_NAME).label("person")
"""The applicant's name, as long as the case has one."""

_VILLAGE, _TOWNSHIP = aliased(Organisation), aliased(Organisation)
_CASE = Prepared(
    select(
        table(Case),
        shown_name,
        Person.id_number,
        Person.household_id,
        Person.phone,
        Person.account_number,
        Person.account_holder,
        Household.group_name,
        Household.address,
        Household.income,
        _VILLAGE.name.label("village_name"),
        _TOWNSHIP.name.label("township_name"),
    )
    .join(Person, Person.id == Case.applicant_id)
    .outerjoin(Household, Household.id == Person.household_id)
    .join(_VILLAGE, _VILLAGE.code == Case.village)
    .join(_TOWNSHIP, _TOWNSHIP.code == Case.township)
    .where(Case.id == bindparam("case_id"))
)


def read_case(conn: Connection, case_id: UUID) -> Any:
    """The case, or NotFound."""
    row = _CASE.first(conn, {"case_id": case_id})
    if row is None:
        raise NotFound()
    return row
