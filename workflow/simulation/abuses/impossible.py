"""What no ordinary service lets anybody do, or what no register here could show. It is a result too."""

from collections.abc import Mapping
from typing import Final

IMPOSSIBLE: Final[Mapping[str, str]] = {
    "RF-03a": "a second supplement notice: the form offers it once per case",
    "RF-05b": "payment below the computed aid: the order takes its amount from the calculation",
    "RF-09g": "two visits of one investigator that overlap: the survey asks for the day, not the hour",
    "RF-12c": "a third temporary grant in a year: the standard gives nothing for it, and nothing is no grant",
    "RF-13b": "aid of one case above what the person has to pay: the calculation ends there",
    "RF-14b": "a payment of another type, homeless cash, education grants outside the standard: not in "
    "the policy sets, so nothing is computed for them",
    "RF-15a": "a wrong check character: every way into the register refuses the number",
    "RF-15e": "an account changed shortly before a payment: it can only be changed after a bank return, "
    "and a second person checks it",
    "RF-19a": "credited less than ordered, outflow without a case, ledger against payments: the bank's "
    "answer has no amount, and there is no ledger of the special account",
    "RF-20a": "a claim without a settlement record: each bill is one, imported or typed at the window",
    "RF-21b": "a posting that is short, missing, without photo or telephone, a decision before its end: "
    "timers, forms and evidence do not let a case go on",
    "RF-22a": "fewer than ten signatures, a signer who is not on the list, a meeting after the posting, no "
    "minutes: refused by the form or the demanded evidence",
    "RF-23b": "no survey where it is needed, no signature of the cadre, no county visit to relatives: the "
    "diagram leads there and the form refuses",
    "RF-24c": "one device for two accounts: neither log notes sessions or devices",
    "RF-26": "a cap breach, mixed pools: the calculation ends at the limit of each pool",
    "RF-27": "aid before serious-illness insurance has settled: the case is returned and its clock stands",
    "RF-28a": "an advance without a diagnosis: refused",
    "RF-29a": "a refusal without reason, basis, calculation or rights: the form and the letter demand them",
    "RF-31": "a broken chain: no service can; tests/test_attacking_the_log.py breaks it from outside",
    "RF-33": "premium subsidy: no roster of it is kept here yet",
    "RF-35": "a due date edited by hand: the one way to move it writes its letter in the same transaction",
    "RF-37": "a number or an illness in a list: the privacy gate refuses to publish it",
    "RF-38": "carry-over and gap of the fund: no ledger of income is kept here",
    "RF-39": "an approved amount that differs from the calculated one: nobody types the amount",
}
"""Rule, with a letter where only that part of it cannot be planted → the reason."""
