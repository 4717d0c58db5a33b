"""What the log of the cases tells: entries, reviews, visits, changed dates and accounts, and a summary
per case.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from workflow.facts.entries import Chain, Entry, papers_of
from workflow.facts.forms_then import FormsThen
from workflow.facts.hashing import Hashing, squeezed
from workflow.facts.spending import spending_in
from workflow.facts.times import day, local

Row = dict[str, Any]
DECIDED: Final = frozenset({"APPROVED", "REFUSED", "NOT_ACCEPTED"})
BACK: Final = frozenset({"RETURNED_FOR_PAPERS", "PAUSED_PAPERS"})
APPLIED: Final = frozenset(
    {"SUBMITTED", "DRAFT", "RETURNED_FOR_PAPERS", "PAUSED_PAPERS", "PAUSED_CASE", "PAUSED_DEATH",
    "NOT_ACCEPTED",
     "WITHDRAWN", "TERMINATED_DEATH"}
)  # fmt: skip
"""States of a case that nobody has accepted."""
LOOKING: Final = frozenset({"file_read", "file_exported", "attempt_refused"})
SHORT_TEXT: Final = 20
VISITED: Final = ("surveyed_on", "visited_on", "enquired_on")
SECOND: Final = ("second_investigator", "second_person")


@dataclass(slots=True)
class Told:
    """What the log tells of one case, for the rows that the registers make."""

    summary: Row = field(default_factory=dict)
    orders: list[Row] = field(
        default_factory=list
    )  # per order of money: entry, day paid, entry and day of answer
    postings: list[Row] = field(default_factory=list)
    dues: dict[str, tuple[str, int]] = field(default_factory=dict)  # limit → due told last, entry
    before: dict[tuple[str, str], str] = field(default_factory=dict)  # (limit, time) → due before that entry
    at: dict[str, int] = field(default_factory=dict)  # time → entry
    papers: dict[int, frozenset[str]] = field(default_factory=dict)  # entry → digests it has sealed


@dataclass(slots=True)
class Casework:
    """Turns chains into rows. `listed` asks whether a name stood on a village's list of
    representatives that day; `kinds` (case, entry) → kind of paper → digest.
    """

    hashing: Hashing
    forms: FormsThen
    villages: Mapping[str, str]
    representatives: Mapping[tuple[str, str], list[tuple[str, str | None]]]
    kinds: Mapping[tuple[str, int], Mapping[str, str]]
    rows: dict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))

    def take(self, chain: Chain) -> Told:
        """The rows of one case go to `rows`, the rest is told."""
        case, told = chain.id.hex, Told()
        told.summary = dict.fromkeys(
            ("opened_role", "paper_on", "filed_for", "agent_relation", "accepted_at", "accepted_seq",
            "decided_at",
             "decided_seq", "decided_by", "decided_state", "approved_at", "approved_seq", "refusal_reason",
             "last_staff_at", "last_staff_seq")
        ) | {"returns": 0}  # fmt: skip
        for entry in chain.entries:
            said = entry.said
            if said["type"] in LOOKING:
                table, row = _looked(case, entry)
                self.rows[table].append(row)
                continue
            event = self._event(case, entry)
            self.rows["event"].append(event)
            self._summary(told.summary, event, entry)
            self._dues(case, told, event, said["vars"])
            self._money(case, told, event, entry)
            self._posting(case, told, event, entry)
            if event["act"] == "review":
                self._meeting(case, event, entry)
            elif event["act"] == "visit":
                self.rows["visit"].append(self._visit(case, event, entry))
            if said["attach"]:
                told.papers[entry.seq] = frozenset(papers_of(entry))
            told.at.setdefault(str(event["claimed_at"]), entry.seq)
        return told

    def _event(self, case: str, entry: Entry) -> Row:
        said, sealed = entry.said, entry.sealed
        actor, task, variables = said["actor"], said["task"] or {}, said["vars"]
        form = self.forms.of(said)
        words = "\n".join(
            str(sealed[name]) for name in self.forms.long_texts(said["rule"], form) if name in sealed
        )
        text = squeezed(words) if words else ""
        spending = spending_in(words)
        answers = variables.get("answers") or (
            variables.get("start") if said["type"] == "case_opened" else None
        )
        return {
            "case_id": case,
            "seq": entry.seq,
            "type": said["type"],
            "process": task.get("spec"),
            "node": task.get("node"),
            "form": form,
            "act": self.forms.acts.get(form or ""),
            "from_state": said["from"],
            "to_state": said["to"],
            "actor_id": actor["id"] or None,
            "role": actor["role"],
            "org": actor["org"],
            "on_behalf": actor["on_behalf"],
            "claimed_at": local(said["at_claimed"]),
            "recorded_at": local(said["at_recorded"]),
            "late": int("late" in said),
            "task_id": said["command"].get("task"),
            "answers": orjson.dumps(answers).decode() if answers else None,
            "effects": f" {' '.join(variables['effects'])} " if variables.get("effects") else None,
            "text_hash": self.hashing.exact("text", text) if len(text) >= SHORT_TEXT else None,
            "text_length": len(text) if words else None,
            "spending": f" {' '.join(spending)} " if spending else None,
        }

    def _summary(self, found: Row, event: Row, entry: Entry) -> None:
        answers = entry.said["vars"].get("answers") or {}
        if entry.seq == 0:
            found["opened_role"] = event["role"]
            found["paper_on"] = day(entry.sealed.get("paper_date"))
            found["filed_for"] = entry.sealed.get("filed_for")
            found["agent_relation"] = entry.sealed.get("agent_relation")
        state, before = event["to_state"], event["from_state"]
        if found["accepted_at"] is None and state and state not in APPLIED:
            found["accepted_at"], found["accepted_seq"] = event["claimed_at"], entry.seq
        if state != before:
            if state in DECIDED and found["decided_at"] is None:
                found["decided_at"], found["decided_seq"] = event["claimed_at"], entry.seq
                found["decided_by"], found["decided_state"] = event["actor_id"], state
            if state == "APPROVED" and found["approved_at"] is None:
                found["approved_at"], found["approved_seq"] = event["claimed_at"], entry.seq
            found["returns"] += state in BACK and before not in BACK
        reason = answers.get("refusal_reason") or answers.get("refusal_code")
        found["refusal_reason"] = reason or found["refusal_reason"]
        if event["actor_id"] is not None:
            found["last_staff_at"], found["last_staff_seq"] = event["claimed_at"], entry.seq

    def _dues(self, case: str, told: Told, event: Row, variables: Mapping[str, Any]) -> None:
        new = {limit: clock["due"] for limit, clock in (variables.get("clocks") or {}).items()}
        limit, until = variables.get("limit"), variables.get("until") or variables.get("due")
        if limit and until and event["type"] in ("deadline_extended", "deadline_recalculated"):
            new.setdefault(limit, until)
        for limit, due in new.items():
            after, (before, _) = local(due), told.dues.get(limit, (None, 0))
            told.dues[limit] = str(after), event["seq"]
            if before is not None:
                told.before[limit, str(event["claimed_at"])] = before
            if before is None or before == after:
                continue
            letters = variables.get("letters") or ([variables["letter"]] if variables.get("letter") else [])
            self.rows["due_change"].append(
                {"case_id": case, "seq": event["seq"], "limit_id": limit, "type": event["type"],
                 "actor_id": event["actor_id"], "role": event["role"], "at": event["claimed_at"],
                 "before_at": before, "due_at": after, "letters": len(letters)}
            )  # fmt: skip

    def _money(self, case: str, told: Told, event: Row, entry: Entry) -> None:
        effects, sealed = event["effects"] or "", entry.sealed
        if " order_payment " in effects or " advance_ordered " in effects:
            told.orders.append(
                {"order_seq": event["seq"], "paid_on": None, "settled_seq": None, "credited_on": None}
            )
        if told.orders and event["act"] == "pay":
            told.orders[-1]["paid_on"] = day(sealed.get("paid_on"))
        if told.orders and event["act"] == "credit":
            told.orders[-1].update(settled_seq=event["seq"], credited_on=day(sealed.get("answered_on")))
        if event["act"] == "account" and "account_number" in sealed:
            self.rows["account_change"].append(
                {"case_id": case, "seq": event["seq"], "at": event["claimed_at"],
                "actor_id": event["actor_id"],
                 "account_hash": self.hashing.plain("account", sealed["account_number"]),
                 "holder_hash": self.hashing.plain("name", sealed.get("account_holder")),
                 "relation": sealed.get("holder_relation")}
            )  # fmt: skip

    def _posting(self, case: str, told: Told, event: Row, entry: Entry) -> None:
        sealed, photos = entry.sealed, self.kinds.get((case, entry.seq), {})
        if " publish_posting " in (event["effects"] or ""):
            told.postings.append(
                {"post_seq": event["seq"], "posted_by": event["actor_id"],
                "posted_on": day(sealed.get("posted_on")),
                 "complaint_phone": int(bool(sealed.get("complaint_phone"))) if sealed else None,
                 "photo_start": photos.get("photo_start"), "confirm_seq": None, "confirmed_at": None,
                 "confirmed_by": None, "stayed": None, "taken_down_on": None, "photo_end": None}
            )  # fmt: skip
        if told.postings and event["act"] == "confirm_posting":
            stayed = (entry.said["vars"].get("answers") or {}).get("stayed")
            told.postings[-1].update(
                confirm_seq=event["seq"], confirmed_at=event["claimed_at"], confirmed_by=event["actor_id"],
                stayed=None if stayed is None else int(stayed),
                taken_down_on=day(sealed.get("taken_down_on")),
                photo_end=photos.get("photo_end"),
            )  # fmt: skip

    def _meeting(self, case: str, event: Row, entry: Entry) -> None:
        answers, sealed = entry.said["vars"].get("answers") or {}, entry.sealed
        papers = self.kinds.get((case, entry.seq), {})
        name = self.hashing.plain
        self.rows["meeting"].append(
            {
                "case_id": case, "seq": entry.seq, "actor_id": event["actor_id"], "at": event["claimed_at"],
                "held_on": day(sealed.get("meeting_date")), "place_hash": name("place", sealed.get("place")),
                "chair_hash": name("name", sealed.get("chair")),
                "recorder_hash": name("name", sealed.get("recorder")), "called": answers.get("voters_called"),
                "present": answers.get("voters_present"), "withdrawn": answers.get("voters_withdrawn"),
                "yes": answers.get("votes_yes"), "no": answers.get("votes_no"),
                "abstained": answers.get("votes_abstain"), "signatures": answers.get("signatures"),
                "minutes_digest": papers.get("meeting_minutes"), "record_digest": papers.get("review_record"),
                "text_hash": event["text_hash"],
            }
        )  # fmt: skip
        village, on = self.villages.get(case, ""), day(event["claimed_at"]) or ""
        for signed in self._signers(sealed.get("signers")):
            spans = self.representatives.get((village, signed), ())
            listed = any(first <= on and (last is None or on <= last) for first, last in spans)
            self.rows["signer"].append(
                {"case_id": case, "seq": entry.seq, "name_hash": signed, "listed": int(listed)}
            )

    def _signers(self, written: Any) -> Iterator[str]:
        names = (
            str(written or "").replace("，", "、").replace(",", "、").replace("；", "、").replace(";", "、")
        )
        for name in "、".join(names.split()).split("、"):
            hashed = self.hashing.plain("name", name)
            if hashed is not None:
                yield hashed

    def _visit(self, case: str, event: Row, entry: Entry) -> Row:
        answers, sealed = entry.said["vars"].get("answers") or {}, entry.sealed
        papers = self.kinds.get((case, entry.seq), {})
        return {
            "case_id": case,
            "seq": entry.seq,
            "kind": event["form"],
            "node": event["node"],
            "visited_on": day(next((sealed[name] for name in VISITED if name in sealed), None)),
            "at": event["claimed_at"],
            "investigator": event["actor_id"],
            "second_hash": self.hashing.plain("name", next((sealed[n] for n in SECOND if n in sealed), None)),
            "met": answers.get("met"),
            "agrees": _flag(answers.get("agrees")),
            "result": answers.get("alert_result"),
            "cadre_signed": _flag(sealed.get("cadre_signed")),
            "head_signed": _flag(sealed.get("head_signed")),
            "text_digest": event["text_hash"],
            "text_length": event["text_length"],
            "record_digest": papers.get("survey_record") or papers.get("visit_record"),
        }


def looked(chain: Chain, case: str | None) -> Iterator[tuple[str, Row]]:
    """The rows of a chain of the log of reads: readings, refusals, exports."""
    for entry in chain.entries:
        if entry.said["type"] in LOOKING:
            yield _looked(case, entry)


def _looked(case: str | None, entry: Entry) -> tuple[str, Row]:
    said, variables = entry.said, entry.said["vars"]
    found = {
        "seq": entry.seq,
        "case_id": case,
        "at": local(said["at_claimed"]),
        "actor_id": said["actor"]["id"] or None,
        "role": said["actor"]["role"],
        "org": said["actor"]["org"],
    }
    if said["type"] == "attempt_refused":
        more = {"action": variables.get("action"), "rule": variables.get("detail")}
        return "refusal", {**found, **more, "task_id": variables.get("task")}
    listed = variables.get("cases") or ()
    found["what"] = variables.get("what")
    found["cases"] = variables.get("count") or len(listed) or int(case is not None)
    if said["type"] == "file_exported":
        return "export", found
    found["chain"] = "system" if case is None else "case"
    return "reading", {**found, "person_id": variables.get("person"), "paper_id": variables.get("paper")}


def _flag(value: Any) -> int | None:
    """Yes or no as the facts keep it; the vault holds booleans, older entries words."""
    if value is None:
        return None
    return int(value in (True, "true", "yes", "True"))


def faults_of(chain: Chain, case: str | None, erased: bool) -> Iterator[Row]:
    """What is wrong with a chain; the values of an erased case are gone by right."""
    for seq, fault in chain.faults:
        if not (erased and fault == "sealed"):
            yield {"case_id": case, "log": "reads" if chain.log else "cases", "seq": seq, "fault": fault}
