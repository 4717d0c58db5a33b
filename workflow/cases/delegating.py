"""What the county leaves to its townships: small grants of temporary aid (domain 2.19, C-28)."""

from collections.abc import Mapping
from typing import Any, Final

from workflow import amounts
from workflow.cases.work import Work

THRESHOLD: Final = "township_decision"


def delegated(work: Work, variables: Mapping[str, Any]) -> dict[str, Any]:
    """Whether the township decides on this grant: something is given, and no more than the limit."""
    most = work.rules.policies[work.row.policy].thresholds[THRESHOLD].value
    return {"delegated": 0 < amounts.yuan(variables["aid_fen"]) <= most}
