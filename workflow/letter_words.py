"""What each part of the program can say in a letter: the names of the values, by who knows them.

A letter that asks for a value nobody gives is refused on loading; and only who can give something wanted is
asked when a letter is written.
"""

from collections.abc import Mapping
from typing import Final

GIVES: Final[Mapping[str, frozenset[str]]] = {
    "number": frozenset({"year", "serial"}),
    "extension": frozenset(
        {
            "limit_name", "extension_length", "extended_from", "extended_until", "extension_reason",
            "extension_details",
        }
    ),
    "county": frozenset(
        {
            "county_short", "authority", "bureau", "county_government", "court", "review_site",
            "handler_phone", "complaint_phone", "issued_on", "handler", "aid_kind", "case_number",
            "withdrawn_on", "accepted_on", "first_check_days", "supplement_days", "pay_by", "supplement_by",
        }
    ),
    "applicant": frozenset({"name", "id_number", "account", "applied_on"}),
    "remedies": frozenset({"about_number", "review_outcome", "appeal_reason"}),
    "rosters": frozenset(
        {
            "exit_category_name", "new_category_name", "changed_from", "exit_objection_days", "stop_from",
            "reasons", "facts",
        }
    ),
    "cards": frozenset({"card_number", "card_until", "card_hospital"}),
    "disclosing": frozenset(
        {
            "requested", "disclosed_text", "withheld", "disclosure_ground", "disclosure_reasons",
            "search_text", "held_by", "correction_wanted",
        }
    ),
    "temporary": frozenset({"grant_kind_name", "aid"}),
    "automatic": frozenset({"aid", "auto_refusal_days"}),
    "forms": frozenset(
        {
            "missing", "help", "competent_office", "facts", "reason_code", "reason", "legal_basis", "article",
            "steps", "answer", "result", "review_on", "votes",
        }
    ),
    "objection": frozenset({"objection_on", "objector", "posting_title"}),
    "money": frozenset(
        {
            "total", "out_of_catalogue", "basic", "serious_illness", "other_paid", "self_pay", "category",
            "deductible", "ratio", "paid_this_year", "annual_limit", "aid", "reading", "calculation",
        }
    ),
    "advances": frozenset(
        {
            "hospital", "advance", "guarantee", "payment_now", "paper_days", "papers_to", "advance_reason",
            "advance_rest", "advance_owed",
        }
    ),
    "recoveries": frozenset(
        {
            "original_number", "paid", "due", "excess", "cause", "calculation_note", "recovery_facts",
            "recovery_reasons", "legal_basis", "article", "hearing_days", "own_error",
        }
    ),
    "set_off": frozenset(
        {
            "set_off", "set_off_from", "set_off_to", "set_off_whole", "still_owed", "aid_due", "paid_out",
        }
    ),
}  # fmt: skip
BY_HAND: Final = frozenset({"delivery_proof"})
"""Forms whose blanks are filled in where the letter is handed over; no step sends them."""
KNOWN: Final = frozenset[str]().union(*GIVES.values())
