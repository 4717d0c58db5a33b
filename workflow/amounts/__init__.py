"""Working out amounts: policy sets as data, the computation of domain 3.1, the calculation sheet.

No database, no clock, no pages. Money is Decimal yuan throughout.
"""

from workflow.amounts.best_order import BestPlan, Order, Part, best_order, department_sets
from workflow.amounts.claim import Bill, Earlier
from workflow.amounts.compute import compute
from workflow.amounts.figures import fen, in_words, money, yuan
from workflow.amounts.lines import amount_lines
from workflow.amounts.model import MEDICAL_SECURITY, Department, LimitChange, Policy, Procedure
from workflow.amounts.read import packaged, read_folder, read_policies
from workflow.amounts.refusals import ClaimRefused, PolicyRefused
from workflow.amounts.result import Alternative, Result
from workflow.amounts.sheet import Line
from workflow.amounts.vocabulary import ANYWHERE
from workflow.amounts.warnings import FORBIDS_PAYMENT, NEEDS_A_PERSON, WARNINGS
from workflow.amounts.year import SettledClaim, Year, YearLine, corrected, recompute_year

__all__ = [
    "ANYWHERE",
    "FORBIDS_PAYMENT",
    "MEDICAL_SECURITY",
    "NEEDS_A_PERSON",
    "WARNINGS",
    "Alternative",
    "BestPlan",
    "Bill",
    "ClaimRefused",
    "Department",
    "Earlier",
    "LimitChange",
    "Line",
    "Order",
    "Part",
    "Policy",
    "PolicyRefused",
    "Procedure",
    "Result",
    "SettledClaim",
    "Year",
    "YearLine",
    "amount_lines",
    "best_order",
    "compute",
    "corrected",
    "department_sets",
    "fen",
    "in_words",
    "money",
    "packaged",
    "read_folder",
    "read_policies",
    "recompute_year",
    "yuan",
]
