"""The rows of cases beside their log: steps, limits, papers, postings, money. Each table is read once for
all cases of a part.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from itertools import groupby
from typing import Any, Final
from uuid import UUID

from workflow.facts.casework import Told
from workflow.facts.forms_then import FormsThen
from workflow.facts.registers import Found, Reading, fen, township_of
from workflow.facts.schema import body_words
from workflow.facts.sheets import figures, pools_of
from workflow.facts.times import day, local
from workflow.store import models

NOBODY: Final = Told()


@dataclass
class CaseRows:
    """Of one part of the cases. `told` is what the log has said of each."""

    read: Reading
    forms: FormsThen
    told: dict[UUID, Told]
    cases: dict[UUID, Any] = field(default_factory=dict)  # of the part that is read
    clocks: dict[int, Any] = field(default_factory=dict)
    stood: dict[int, int] = field(default_factory=dict)  # clock → working days it stood still

    @cached_property
    def sealed(self) -> list[Any]:
        """The papers; read once, for the log asks for them, too."""
        return list(self.read.of_cases(models.Paper))

    @cached_property
    def sheets(self) -> list[Any]:
        """The calculations."""
        return list(self.read.of_cases(models.Calculation))

    def of(self, case: UUID) -> Told:
        return self.told.get(case, NOBODY)

    def case(self) -> Iterator[Found]:
        for row in self.cases.values():
            summary = self.of(row.id).summary
            rules = self.forms.rules(row.rulebook)
            state = rules.rulebook.states.get(row.state) if rules else None
            yield {
                **_EMPTY, **summary,
                "case_id": row.id.hex, "number": row.number, "flow": row.flow, "policy": row.policy,
                "rulebook": row.rulebook[:12], "applicant_id": row.applicant_id,
                "household_id": None, "village": row.village, "township": row.township,
                "county": row.county, "state": row.state, "paused": int(bool(state and state.blocks)),
                "outcome": row.outcome, "relative": int(row.relative), "aid_fen": fen(row.aid),
                "category": row.category, "opened_at": local(row.opened_at), "opened_by": row.opened_by,
                "closed_at": local(row.closed_at), "erased_at": local(row.erased_at), "last_seq": row.seq,
            }  # fmt: skip

    def links(self) -> Iterator[Found]:
        for row in self.read.of_cases(models.CaseLink):
            yield {"case_id": row.case_id.hex, "other_id": row.other_id.hex, "kind": row.kind}

    def clock(self) -> Iterator[Found]:
        newest: dict[tuple[UUID, str], int] = {}
        for row in self.read.of_cases(models.Clock):
            self.clocks[row.id] = row
            newest[row.case_id, row.limit_id] = row.id
        for row in self.clocks.values():
            self.stood[row.id] = sum(self._days(pause) for pause in row.pauses)
            limit = self._limit(row)
            due, seq = (None, None)
            if newest[row.case_id, row.limit_id] == row.id:
                due, seq = self.of(row.case_id).dues.get(row.limit_id, (None, None))
            yield {
                "clock_id": row.id, "case_id": row.case_id.hex, "limit_id": row.limit_id,
                "amount": limit and limit.amount, "unit": limit and limit.unit,
                "started_at": local(row.started_at), "due_at": local(row.due_at),
                "stopped_at": local(row.stopped_at), "extended_units": row.extended_by,
                "extended_at": local(row.extended_at), "pauses": len(row.pauses),
                "paused_wd": self.stood[row.id], "logged_due_at": due, "logged_seq": seq,
            }  # fmt: skip

    def pauses(self) -> Iterator[Found]:
        for row in self.clocks.values():
            told = self.of(row.case_id)
            for place, pause in enumerate(row.pauses, start=1):
                begun = local(pause[0])
                yield {
                    "case_id": row.case_id.hex, "clock_id": row.id, "limit_id": row.limit_id, "place": place,
                    "from_at": begun, "to_at": local(pause[1]), "reason": pause[2],
                    "paused_wd": self._days(pause),
                    "due_before_at": told.before.get((row.limit_id, str(begun))),
                    "seq": told.at.get(str(begun)),
                }  # fmt: skip

    def _days(self, pause: Any) -> int:
        return self.read.days.wd(local(pause[0]), local(pause[1]) or self.read.now) or 0

    def _limit(self, clock: Any) -> Any:
        case = self.cases.get(clock.case_id)
        rules = self.forms.rules(clock.rules or (case.rulebook if case else ""))
        if rules is None:
            return None
        terms = rules.terms.get(case.policy if case else "") or rules.terms[""]
        return terms.limits.get(clock.limit_id)

    def tasks(self) -> Iterator[Found]:
        """After the clocks."""
        for row in self.read.of_cases(models.Task):
            clock, case = self.clocks.get(row.clock_id), self.cases.get(row.case_id)
            limit = self._limit(clock) if clock is not None else None
            not_by = self.forms.step(case.rulebook, row.process, row.node)[1] if case is not None else ""
            yield {
                "case_id": row.case_id.hex, "task_id": row.id, "process": row.process, "node": row.node,
                "name": row.name, "form": row.form, "act": self.forms.acts.get(row.form or ""),
                "kind": row.kind, "role": row.role, "org": row.org, "village": row.village,
                "township": township_of(row.village), "state": row.state, "opened_at": local(row.opened_at),
                "due_at": local(row.due_at), "paused": int(row.paused), "assigned_seat": row.assigned_seat,
                "done_at": local(row.done_at), "done_by": row.done_account, "done_seat": row.done_seat,
                "done_seq": row.done_seq, "clock_id": row.clock_id, "limit_id": clock and clock.limit_id,
                "limit_amount": limit and limit.amount, "limit_unit": limit and limit.unit,
                "paused_wd": self.stood.get(row.clock_id, 0), "not_by": f" {not_by} " if not_by else None,
            }  # fmt: skip

    def alarms(self) -> Iterator[Found]:
        for row in self.read.of_cases(models.Alarm):
            yield {
                "case_id": row.case_id.hex, "clock_id": row.clock_id,
                "limit_id": self.clocks[row.clock_id].limit_id, "level": row.level,
                "raised_at": local(row.raised_at),
            }  # fmt: skip

    def extensions(self) -> Iterator[Found]:
        for row in self.read.of_cases(models.Extension):
            yield {
                "case_id": row.case_id.hex, "clock_id": row.clock_id,
                "limit_id": self.clocks[row.clock_id].limit_id, "units": row.units,
                "asked_at": local(row.asked_at), "asked_by": row.asked_by,
                "granted": None if row.granted is None else int(row.granted),
                "decided_at": local(row.decided_at), "decided_by": row.decided_by,
                "decided_seq": row.decided_seq,
            }  # fmt: skip

    def assignments(self) -> Iterator[Found]:
        for row in self.read.of_cases(models.Assignment):
            yield {
                "case_id": row.case_id.hex, "task_id": row.task_id, "seat_id": row.seat_id,
                "at": local(row.at),
                "by_account": row.by, "exception": int(row.exception), "seq": row.seq,
            }  # fmt: skip

    def supervisions(self) -> Iterator[Found]:
        for row in self.read.of_cases(models.Supervision):
            yield {
                "case_id": row.case_id.hex, "task_id": row.task_id, "org": row.org,
                "opened_at": local(row.opened_at), "opened_by": row.opened_by,
                "answer_by_at": local(row.answer_by), "answered_at": local(row.answered_at),
                "ended_at": local(row.ended_at), "seq": row.opened_seq,
            }  # fmt: skip

    def papers(self) -> Iterator[Found]:
        for row in self.sealed:
            sealed = self.of(row.case_id).papers.get(row.seq)
            yield {
                "paper_id": row.id, "case_id": row.case_id.hex, "kind": row.kind, "sha256": row.sha256,
                "size": row.size, "seq": row.seq, "uploaded_at": local(row.uploaded_at),
                "uploaded_by": row.uploaded_by,
                "as_sealed": int(row.sha256 in sealed) if sealed else None,
            }  # fmt: skip

    def postings(self) -> Iterator[Found]:
        objections = self._by_case(models.Objection)
        for case, rows in groupby(self._in_order(models.Posting), key=lambda row: row.case_id):
            told = self.of(case).postings
            for place, row in enumerate(rows):
                objected = sum(each.posting_id == row.id for each in objections.get(case, ()))
                yield {
                    **_NO_POSTING, **(told[place] if place < len(told) else {}),
                    "posting_id": row.id, "case_id": case.hex, "number": row.number,
                    "posted_at": local(row.posted_at), "ends_at": local(row.ends_at),
                    "taken_down_at": local(row.taken_down_at), "objections": objected,
                }  # fmt: skip

    def objections(self) -> Iterator[Found]:
        for row in self.read.of_cases(models.Objection):
            yield {
                "case_id": row.case_id.hex, "posting_id": row.posting_id, "seq": row.seq,
                "received_at": local(row.received_at), "channel": row.channel, "named": int(row.named),
                "result": row.result,
            }  # fmt: skip

    def calculations(self) -> Iterator[Found]:
        newest = {row.case_id: row.id for row in self.sheets}
        for row in self.sheets:
            yield {
                "calc_id": row.id, "case_id": row.case_id.hex, "seq": row.seq, "at": local(row.at),
                "policy": row.policy, "aid_fen": fen(row.aid), "newest": int(newest[row.case_id] == row.id),
            }  # fmt: skip

    def calculated_bills(self) -> Iterator[Found]:
        for row in self.sheets:
            pools = pools_of(self.forms.rules(self._rulebook(row.case_id)), row.policy)
            for place, sheet in enumerate(row.sheet, start=1):
                warnings = " ".join(sheet.get("warnings") or ())
                yield {
                    "calc_id": row.id, "case_id": row.case_id.hex, "place": place,
                    "aid_fen": _fen_of(sheet.get("aid")), "category": sheet.get("category"),
                    "rule": (sheet.get("sheet") or {}).get("rule"),
                    "warnings": f" {warnings} " if warnings else None,
                    **figures(sheet.get("sheet") or {}, pools),
                }  # fmt: skip

    def _rulebook(self, case: UUID) -> str:
        known = self.cases.get(case)
        return known.rulebook if known is not None else ""

    def payments(self) -> Iterator[Found]:
        for case, rows in groupby(self._in_order(models.Payment), key=lambda row: row.case_id):
            told, known = self.of(case).orders, self.cases.get(case)
            for place, row in enumerate(rows):
                name = row.account_holder
                holder = self.read.hashing.plain("name", name)
                found = told[place] if place < len(told) else _NO_ORDER
                settled = row.status in ("credited", "returned")
                credited = found["credited_on"] or (day(local(row.settled_at)) if settled else None)
                yield {
                    **found,
                    "payment_id": row.id, "case_id": case.hex, "attempt": row.attempt, "purpose": row.purpose,
                    "amount_fen": fen(row.amount),
                    "account_hash": self.read.hashing.plain("account", row.account_number),
                    "holder_hash": holder,
                    "holder_is": _body(name) if holder is not None and known else None,
                    "status": row.status, "ordered_at": local(row.ordered_at),
                    "settled_at": local(row.settled_at),
                    "credited_on": credited if row.status == "credited" else None,
                    "return_reason": row.return_reason,
                }  # fmt: skip

    def letters(self) -> Iterator[Found]:
        for row in self.read.of_cases(models.Letter):
            yield {
                "letter_id": row.id, "case_id": row.case_id.hex, "kind": row.kind, "seq": row.seq,
                "issued_at": local(row.issued_at), "delivered_at": local(row.delivered_at),
                "delivery": row.delivery,
            }  # fmt: skip

    def advances(self) -> Iterator[Found]:
        for row in self.read.of_cases(models.Advance):
            yield {
                "case_id": row.case_id.hex, "variant": row.variant, "requested_by": row.requested_by,
                "asked_by": row.asked_by, "hospital": row.hospital, "asked_at": local(row.asked_at),
                "answered_at": local(row.answered_at), "diagnosis": int(row.diagnosis),
                "amount_fen": fen(row.amount), "granted_at": local(row.granted_at), "paid_fen": fen(row.paid),
                "paid_at": local(row.paid_at), "discharged_on": day(row.discharged_on),
                "papers_due_at": local(row.papers_due), "papers_at": local(row.papers_at),
                "final_fen": fen(row.final_aid), "settled_at": local(row.settled_at),
                "recovery_id": row.recovery_id and row.recovery_id.hex,
            }  # fmt: skip

    def recoveries(self) -> Iterator[Found]:
        for row in self.read.of_cases(models.Recovery):
            yield {
                "case_id": row.case_id.hex, "original_id": row.original_id.hex, "cause": row.cause,
                "paid_fen": fen(row.paid), "due_fen": fen(row.due), "excess_fen": fen(row.excess),
                "outstanding_fen": fen(row.outstanding), "decided_at": local(row.decided_at),
                "result": row.result, "closed_at": local(row.closed_at),
            }  # fmt: skip

    def repayments(self) -> Iterator[Found]:
        for row in self.read.of_cases(models.Repayment):
            yield {
                "case_id": row.case_id.hex, "received_on": day(row.received_on),
                "amount_fen": fen(row.amount),
                "kind": row.kind, "seq": row.seq,
            }  # fmt: skip

    def parts(self) -> Iterator[Found]:
        for row in self.read.of_cases(models.DepartmentPart):
            yield {
                "case_id": row.case_id.hex, "place": row.place, "office": row.office,
                "proposed_fen": fen(row.proposed), "before_fen": fen(row.before),
                "granted_fen": fen(row.granted),
            }  # fmt: skip

    def _in_order(self, model: Any) -> list[Any]:
        """Case by case, each in the order of its numbers."""
        return sorted(self.read.of_cases(model), key=lambda row: (row.case_id.int, row.id))

    def _by_case(self, model: Any) -> Mapping[UUID, list[Any]]:
        found: dict[UUID, list[Any]] = defaultdict(list)
        for row in self.read.of_cases(model):
            found[row.case_id].append(row)
        return found


def second_pass(rows: CaseRows) -> Mapping[str, Callable[[], Iterable[Found]]]:
    """Table → its rows, in the order they are made in."""
    return {
        "cases": rows.case,
        "link": rows.links,
        "clock": rows.clock,
        "pause": rows.pauses,
        "task": rows.tasks,
        "alarm": rows.alarms,
        "extension": rows.extensions,
        "assignment": rows.assignments,
        "supervision": rows.supervisions,
        "paper": rows.papers,
        "posting": rows.postings,
        "objection": rows.objections,
        "calc": rows.calculations,
        "calc_bill": rows.calculated_bills,
        "payment": rows.payments,
        "letter": rows.letters,
        "advance": rows.advances,
        "recovery": rows.recoveries,
        "repayment": rows.repayments,
        "department_part": rows.parts,
    }


def _body(name: str) -> str:
    """Whose account it is as far as the name alone tells; whom the county knows by it is asked afterwards."""
    return "body" if any(word in name for word in body_words()) else "other"


def _fen_of(yuan: Any) -> int | None:
    return None if yuan is None else fen(Decimal(yuan))


_NO_ORDER: Final[Found] = {"order_seq": None, "paid_on": None, "settled_seq": None, "credited_on": None}
_NO_POSTING: Final[Found] = dict.fromkeys(
    ("post_seq", "posted_by", "posted_on", "complaint_phone", "photo_start", "confirm_seq", "confirmed_at",
     "confirmed_by", "stayed", "taken_down_on", "photo_end")
)  # fmt: skip
_EMPTY: Final[Found] = dict.fromkeys(
    ("opened_role", "paper_on", "filed_for", "agent_relation", "accepted_at", "accepted_seq", "decided_at",
     "decided_seq", "decided_by", "decided_state", "approved_at", "approved_seq", "refusal_reason",
     "last_staff_at", "last_staff_seq")
) | {"returns": 0}  # fmt: skip
