"""Which flows somebody may open now: at the window for a person, or from the page of a case."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from bpmn import FlowRow, Text
from workflow.actor import Actor
from workflow.cases.ways import ORDINARY, is_one_of_several
from workflow.errors import NotFound
from workflow.permissions import may
from workflow.register.one_bill import policy_if_any
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
    own = rules.policies[found[0].policy] if found else None
    for row in rules.rulebook.flows.values():
        if row.opened != "window" or may(actor.role, row.permission) is None:
            continue
        if own is not None and is_one_of_several(rules, own, row):
            continue  # offered as medical aid
        policy = policy_if_any(rules.policies, today, actor.org, row.id)
        if policy is not None:
            found.append(Offer(row.id, row.name, row, policy.id, row.id))
    return tuple(found)


def _aid(rules: Rules, actor: Actor, today: date) -> Iterator[Offer]:
    policy = policy_if_any(rules.policies, today, actor.org, ORDINARY)
    if policy is None:
        return
    row = rules.rulebook.flows[policy.procedure.ways[0]]
    if may(actor.role, row.permission) is not None:
        yield Offer(AID, AID_NAME, row, policy.id, "")


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
