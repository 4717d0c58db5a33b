"""What the log can say: the types of entries, each with the keys its `vars` have; all in the past tense."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


class EntryRefused(ValueError):
    """A draft that may not become an entry."""


@dataclass(frozen=True, slots=True)
class EntryType:
    """A thing that can have happened, in the past tense.

    `needs` are the keys `vars` must have; `may` those it can have besides, None for any (a flow's decisions).
    """

    name: str
    needs: frozenset[str] = frozenset()
    may: frozenset[str] | None = frozenset()

    def fault(self, keys: Iterable[str]) -> str | None:
        """Why `keys` are not the declared ones; None when they are."""
        given = frozenset(keys)
        if missing := self.needs - given:
            return f"{self.name} lacks {', '.join(sorted(missing))}"
        if self.may is not None and (extra := given - self.needs - self.may):
            return f"{self.name} does not know {', '.join(sorted(extra))}"
        return None


_types: dict[str, EntryType] = {}


def declare(name: str, needs: Iterable[str] = (), may: Iterable[str] | None = ()) -> EntryType:
    """Make a type known. The same declaration may be repeated; another one under the same name is refused."""
    kind = EntryType(name, frozenset(needs), None if may is None else frozenset(may))
    if _types.setdefault(name, kind) != kind:
        raise EntryRefused(f"the type {name} is already declared with other keys")
    return kind


def declared() -> Mapping[str, EntryType]:
    """All types known so far, by name."""
    return dict(_types)


for _name in (
    "case_opened",
    "task_completed",
    "message_received",
    "timer_fired",
    "application_withdrawn",
    "death_reported",
    "set_off_made",
    "case_paused",
    "case_resumed",
):
    declare(_name, may=None)
declare("paper_attached", needs=["kind"])
declare("objection_received", needs=["channel", "named"], may=None)
declare("alarm_raised", needs=["limit", "level"], may=["due", "told", "why"])
declare("deadline_paused", needs=["limit", "reason"])
declare("deadline_resumed", needs=["limit"])
declare(
    "deadline_extended",
    needs=["limit", "until", "reason"],
    may=["units", "before", "letter", "letters", "why", "clocks", "effects", "dues"],
)
declare("extension_requested", needs=["limit", "units", "reason"])
declare("extension_refused", needs=["limit"])
declare(
    "deadline_recalculated",
    needs=["limit", "due"],
    may=["reason", "before", "why", "clocks", "effects", "dues"],
)
declare("calendar_proposed", needs=["years", "sha256"], may=["proposal", "changed"])
declare("calendar_rejected", needs=["proposal"])
declare("calendar_subscribed", needs=["seat"])
declare("calendar_subscription_ended", needs=["seat"])
declare("step_urged", needs=["task", "office", "due"])
declare("leave_registered", needs=["seat", "account", "substitute", "first", "last", "office"])
declare("leave_ended", needs=["seat", "account", "substitute", "last"])
declare("account_created", needs=["account"])
declare("account_disabled", needs=["account"])
declare("account_enabled", needs=["account"])
declare("password_set", needs=["account"], may=["proposal", "proposed_by"])
declare("password_proposed", needs=["proposal", "account"])
declare("password_refused", needs=["proposal"])
declare("seat_proposed", needs=["proposal", "role", "office", "first", "last"], may=["account"])
declare("seat_refused", needs=["proposal"])
declare(
    "seat_given",
    needs=["seat", "account", "role", "office", "first", "last"],
    may=["proposal", "proposed_by"],
)
declare("seat_ended", needs=["seat", "account", "last"])
declare("step_handed_over", needs=["task", "seat", "office", "reason"], may=["exception"])
declare("put_under_supervision", needs=["task", "office", "answer_by"])
declare("supervision_answered", needs=["supervision", "cause"])
declare("supervision_answer_overdue", needs=["supervision", "office"])
declare("supervision_ended", needs=["supervision"])
declare("finding_drafted", needs=["finding", "case", "entry", "office"], may=["flag", "entries", "sheet"])
declare("finding_discarded", needs=["finding"])
declare(
    "finding_sent",
    needs=["finding", "case", "entry", "office", "answer_by"],
    may=["flag", "entries", "sheet"],
)
declare("finding_answered", needs=["finding"])
declare("finding_returned", needs=["finding", "answer_by"])
declare("finding_accepted", needs=["finding", "relook"])
declare("finding_closed", needs=["finding"])
declare("finding_reminded", needs=["finding", "level", "due", "told"])
declare(
    "spot_check_planned",
    needs=["kind", "first", "last", "figures", "frame", "strata", "origin", "size", "commitment"],
    may=["on"],
)
declare("spot_check_drawn", needs=["plan", "root", "word", "seed", "sample", "cases"], may=["size"])
declare("spot_check_recorded", needs=["plan", "case", "answers"])
declare("file_read", needs=["what"], may=["cases", "person", "paper", "letter"])
declare("file_exported", needs=["what"], may=["count", "anonymous", "selection"])
declare("erasure_proposed", needs=["proposal", "basis"])
declare("erasure_confirmed", needs=["proposal", "basis"])
declare("erasure_refused", needs=["proposal"])
declare("erasure", needs=["through", "fields", "basis", "approved_by"], may=["proposal", "again"])
declare("retention_run", needs=["deleted", "asked"])
declare("figure_entered", needs=["year", "figure", "value", "source"])
declare("evaluation_scored", needs=["year", "evaluation", "leaf", "points"], may=["evidence"])
declare("attempt_refused", needs=["action"], may=["node", "task", "status", "detail"])
declare(
    "rules_proposed",
    needs=["digest"],
    may=["proposal", "base", "origin", "changed", "files", "from", "replaces"],
)
declare("rules_adopted", needs=["digest", "proposal"])
declare("rules_rejected", needs=["digest", "proposal"])
declare("rules_withdrawn", needs=["digest", "proposal"])
declare(
    "rules_released", needs=["digest"], may=["previous", "proposal", "proposed_by", "released_by", "from"]
)
declare("case_migrated", needs=["from", "to"], may=["kept"])
declare("calendar_released", needs=["year"], may=["digest", "proposal", "proposed_by", "released_by"])
declare("time_corrected", needs=["reason"], may=["by_seconds"])
declare("key_added", needs=["kid", "purpose", "vkey"])
declare("key_revoked", needs=["kid", "purpose", "reason"])
declare("policy_agreed", needs=["sha256", "quorum"])
declare("tick", needs=["checkpoint"])
declare("recovery", needs=["origin", "old_origin", "old_size", "old_root", "reason"])


def require_declared(name: str, keys: Iterable[str]) -> None:
    """Raises EntryRefused when there is no such type, or when it is declared with other keys."""
    kind = _types.get(name)
    if kind is None:
        raise EntryRefused(f"the type {name} is not declared")
    if reason := kind.fault(keys):
        raise EntryRefused(reason)
