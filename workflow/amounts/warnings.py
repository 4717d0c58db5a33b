"""The remarks a computation can carry, and what they mean to a reader (domain 3.1 step 8)."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from bpmn.text import Text

# The first six are the specification's; the order here is the order in every result.
WARNINGS: Mapping[str, Text] = MappingProxyType(
    {
        "CAP_CUT": Text(
            "超过年度限额的部分不予救助。", "What exceeds the yearly limit is not aided."
        ),
        "CAP_EXHAUSTED": Text(
            "年度限额已经用完。", "The yearly limit is used up."
        ),
        "BELOW_DEDUCTIBLE": Text(
            "本年度累计自付未超过起付线。", "This year's self-pay does not exceed the deductible."
        ),
        "GRANT_CUT": Text(
            "超过每次最高额的部分不予救助。", "What exceeds the most of one grant is not aided."
        ),
        "TIMES_EXHAUSTED": Text(
            "本年度的救助次数已经用完。", "The grants of this year are used up."
        ),
        "BELOW_LEAST": Text(
            "不足政策规定的每次最低额，政策没有这样的救助，须由工作人员判断，不等于救助金额为零。",
            "Less than the least grant of the policy, which knows no such grant; "
            "a person has to judge, it does not mean zero.",
        ),
        "BAND_UNDEFINED": Text(
            "超过起付线的部分落在政策未规定比例的一段，不能自动作出不予救助的结论，须由审批人决定。",
            "What exceeds the deductible lies where the policy states no rate; "
            "it cannot be refused automatically and goes to the approver.",
        ),
        "CAP_NOT_CONFIGURED": Text(
            "年度限额尚未设定：可以试算，不能支付。",
            "The yearly limit has not been set: the amount is a trial and may not be paid.",
        ),
        "SERIOUS_ILLNESS_OPEN": Text(
            "大病保险尚未结算，应先退回补报。",
            "The serious-illness insurance has not settled yet; the claim must go back for that first.",
        ),
        "NO_RULE": Text(
            "政策对这类人员和费用没有写明标准，须由工作人员判断，不等于救助金额为零。",
            "The policy states no rate for this category and kind of claim; "
            "a person has to judge, it does not mean zero.",
        ),
        "NO_CATEGORY": Text(
            "入院时没有有效的人员类别。", "No category of person was valid on admission."
        ),
        "NO_SELF_PAY": Text(
            "没有政策范围内的个人自付费用。", "No eligible self-pay is left."
        ),
        "PAYABLE_CUT": Text(
            "救助金额以个人仍需支付的金额为限。", "Aid is limited to what the person still has to pay."
        ),
        "ROUNDED_TO_ZERO": Text(
            "计算结果不足半分。", "The result is less than half a cent."
        ),
        "OUTSIDE_VALIDITY": Text(
            "结算日不在政策有效期内：可以试算，不能支付。",
            "The policy is not in force on the day of settlement: a trial only, it may not be paid.",
        ),
        "INCOME_OF_ANOTHER_YEAR": Text(
            "该年度的居民收入尚未录入，用了另一年度的数字。",
            "The residents' income for this year is not entered yet; another year's figure was used.",
        ),
    }
)  # fmt: skip

# With one of these the amount is a trial and must not be ordered for payment.
FORBIDS_PAYMENT = frozenset({"CAP_NOT_CONFIGURED", "SERIOUS_ILLNESS_OPEN", "OUTSIDE_VALIDITY"})

# With one of these no machine may conclude a refusal from an amount of zero [C-04].
NEEDS_A_PERSON = frozenset({"BAND_UNDEFINED", "BELOW_LEAST", "NO_RULE"})


def in_order(codes: Iterable[str]) -> tuple[str, ...]:
    """Each code once, in the order above."""
    present = set(codes)
    return tuple(code for code in WARNINGS if code in present)
