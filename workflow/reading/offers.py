"""Which flows somebody may open now: at the window for a person, or from the page of a case."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from bpmn import FlowRow, Text
from workflow.actor import Actor
from workflow.cases.ways import ORDINARY
from workflow.errors import NotAllowed, NotFound
from workflow.permissions import may
from workflow.register.one_bill import policy_today
from workflow.rules import Rules

AID: Final = "medical_aid"
"""Stands in addresses for the procedures of the county's own policy set; the table of ways picks one."""
AID_NAME: Final = Text("医疗救助", "medical assistance")


@dataclass(frozen=True, slots=True)
class Offer:
    """A flow that may be opened: the word it has in addresses, its name, the row behind it, the policy set
    it is worked out by. `flow` is what the command asks for, empty where the table of ways decides.
    """

    word: str
    name: Text
    row: FlowRow
    policy: str
    flow: str


def at_the_window(rules: Rules, actor: Actor, today: date) -> tuple[Offer, ...]:
    """What this seat may open at the window: medical aid first, then the county's other flows."""
    found = list(_aid(rules, actor, today))
    own = set(rules.policies[found[0].policy].procedure.ways) if found else set()
    for row in rules.rulebook.flows.values():
        if row.opened != "window" or may(actor.role, row.permission) is None or _is_aid(row, own):
            continue
        policy = _policy(rules, today, actor.org, row.id)
        if policy is not None:
            found.append(Offer(row.id, row.name, row, policy, row.id))
    return tuple(found)


def _is_aid(row: FlowRow, own: set[str]) -> bool:
    return row.id in own and ORDINARY in own and row.form == "application"


def _aid(rules: Rules, actor: Actor, today: date) -> Iterator[Offer]:
    policy = _policy(rules, today, actor.org, ORDINARY)
    if policy is None:
        return
    row = rules.rulebook.flows[rules.policies[policy].procedure.ways[0]]
    if may(actor.role, row.permission) is not None:
        yield Offer(AID, AID_NAME, row, policy, "")


def _policy(rules: Rules, today: date, place: str, way: str) -> str | None:
    try:
        return policy_today(rules.policies, today, place, way)
    except NotAllowed:
        return None


def offered(offers: tuple[Offer, ...], word: str) -> Offer:
    """The offer of that word.

    Raises:
        NotFound: it is not offered to this seat.
    """
    for offer in offers:
        if offer.word == word:
            return offer
    raise NotFound()


def from_a_case(rules: Rules, actor: Actor, case: Any) -> tuple[Offer, ...]:
    """What this seat may open from the page of `case`, by the policy set of that case."""
    return tuple(
        Offer(row.id, row.name, row, case.policy, row.id)
        for row in rules.rulebook.flows.values()
        if row.opened == "case" and case.outcome in row.after and may(actor.role, row.permission) is not None
    )
