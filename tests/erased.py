"""A case whose personal data two people have erased: for all tests that need one."""

from workflow.erasure_commands import ConfirmErasure, ProposeErasure
from workflow.store.models import Erasure

WHY = "法院判决要求删除"


def propose(county, case, by="arch", basis="order", reason=WHY):
    """The number of the proposal."""
    county.staff[by].does(ProposeErasure(case.id, basis, reason))
    return county.rows(Erasure, Erasure.case_id == case.id)[-1].id


def erase(county, case):
    number = propose(county, case)
    county.staff["capr"].does(ConfirmErasure(case.id, number))
    county.night()
    return number
