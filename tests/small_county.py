"""A small county for the tests: one household, the offices of F01, and people who act like their posts.

`clerk.checks_papers(case, acceptance="accept")` completes the open step `check_papers` through `handle`,
with the answers of the demonstration for whatever the test does not say.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import partial
from hashlib import sha256
from random import Random
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection, Row, bindparam, insert, select, update

from audit import READS, chain_of, entries
from workflow import engine
from workflow.actor import PUBLIC, Actor
from workflow.commands import (
    AttachPaper,
    CompleteTask,
    NewPaper,
    OpenCase,
    ReceiveObjection,
    ReportDeath,
    Withdraw,
)
from workflow.deadlines import SHANGHAI
from workflow.demo.answers import account, fill
from workflow.demo.staff import place_staff
from workflow.demo.stories import COMMON, REFUSE
from workflow.evidence.documents import SHEET
from workflow.handle import Outcome, handle
from workflow.house import House
from workflow.jobs import run_until_quiet
from workflow.register.identity import invent_id_number
from workflow.register.organisations import packaged_units, seed_county
from workflow.store import transaction
from workflow.store.models import (
    Account,
    Alarm,
    Calculation,
    Case,
    CaseLink,
    Category,
    Claim,
    Clock,
    Household,
    InboxMessage,
    Letter,
    Objection,
    Payment,
    Person,
    Posting,
    Seat,
    Task,
    table,
)
from workflow.store.prepared import Prepared

MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=SHANGHAI)
COUNTY = "360829000000"
TOWNSHIP, VILLAGE = "360829100000", "360829100001"
OTHER_TOWNSHIP, OTHER_VILLAGE = "360829101000", "360829101001"
ONE = Decimal("1.00")
FLOW, POLICY = "ma_ordinary_county", "plan-2026"
OBJECTION = "我认为这一家的收入情况与公示不符，请核实他家今年的务工收入。"
VERBS = {
    "passes_on_papers": "pass_on_papers", "checks_papers": "check_papers",
    "receives_supplement": "receive_supplement", "enquires": "enquire", "records_review": "record_review",
    "signs_review": "sign_review", "tells_review_result": "tell_review_result",
    "posts_review_result": "post_review_result", "posts_audit_opinion": "post_audit_opinion",
    "posts_decision_proposal": "post_decision_proposal", "registers_objection": "register_objection",
    "rechecks_objection": "recheck_objection", "audits_file": "audit_file",
    "checks_economy": "check_economy", "surveys_household": "survey_household",
    "gives_opinion": "give_opinion", "signs_opinion": "sign_opinion", "examines_file": "examine_file",
    "visits_for_the_county": "county_visit", "rechecks_file": "recheck_file",
    "answers_questions": "answer_questions", "receives_settlement": "receive_settlement",
    "decides": "decide", "signs_decision": "sign_decision", "delivers_letter": "deliver_letter",
    "rechecks_payment": "recheck_payment", "pays": "pay", "confirms_credit": "confirm_credit",
    "corrects_account": "correct_account", "rechecks_account": "recheck_account",
    "archives": "archive_case", "verifies_death": "verify_death",
}  # fmt: skip


_STAFF = (
    select(Account.login, Seat.account_id, Seat.id, Seat.role, Seat.org, Account.name)
    .join(Account, Account.id == Seat.account_id)
    .order_by(Seat.id)
)
# What every step of a test asks; to write such a statement with SQLAlchemy each time takes most of it.
_CASE = Prepared(select(table(Case)).where(Case.id == bindparam("case")))
_TASKS = select(table(Task)).where(Task.case_id == bindparam("case")).order_by(Task.id)
_OPEN = Prepared(_TASKS.where(Task.done_at.is_(None)))
_TASK = Prepared(_TASKS.where(Task.node == bindparam("node")))


@dataclass
class SetClock:
    """The time of the test: stands still until it is moved."""

    at: datetime = MONDAY

    def __call__(self) -> datetime:
        return self.at

    def forward(self, **span: float) -> datetime:
        self.at += timedelta(**span)
        return self.at

    def to(self, day: str, hour: str = "09:00") -> datetime:
        self.at = datetime.combine(date.fromisoformat(day), time.fromisoformat(hour), SHANGHAI)
        return self.at


def paper(kind: str) -> NewPaper:
    return NewPaper(kind, sha256(kind.encode()).hexdigest(), f"{kind}.txt", "text/plain", len(kind))


def as_typed(answers: Mapping[str, Any]) -> dict[str, str | list[str]]:
    words = {True: "yes", False: "no"}
    return {
        key: words[value] if isinstance(value, bool) else value if isinstance(value, list) else str(value)
        for key, value in answers.items()
    }


def settle_staff(conn: Connection) -> None:
    """The county, two townships with a village each, and everybody who works there."""
    codes = {COUNTY, TOWNSHIP, VILLAGE, OTHER_TOWNSHIP, OTHER_VILLAGE}
    seed_county(conn, [unit for unit in packaged_units() if unit.code in codes])
    place_staff(conn, Random(7), MONDAY, [TOWNSHIP, OTHER_TOWNSHIP], [VILLAGE, OTHER_VILLAGE], COUNTY)


@dataclass
class Staff:
    """One person on one seat."""

    county: "SmallCounty" = field(repr=False)
    actor: Actor

    def __getattr__(self, verb: str) -> Any:
        if verb not in VERBS:
            raise AttributeError(verb)
        return partial(self.completes, VERBS[verb])

    def completes(
        self, node: str, case: "CaseFile", *, papers: Any = None, request: str | None = None, **answers: Any
    ) -> Outcome:
        """Complete the step of that name (the newest one, open or not) with all evidence it demands."""
        command = self.county.completion(case, node, answers, papers)
        return self.does(command, request)

    def does(self, command: Any, request: str | None = None) -> Outcome:
        county = self.county
        return handle(
            county.house, self.actor, command, at=county.clock.at, request_id=request or uuid4().hex
        )

    def files(
        self,
        person: int,
        claims: tuple[int, ...],
        request: str | None = None,
        flow: str = FLOW,
        policy: str = POLICY,
        **answers: Any,
    ) -> "CaseFile":
        """Hand in an application for a registered person; without a flow the table of ways decides."""
        form = self.county.house.rules().rulebook.forms["application"]
        plan = {**COMMON["application"], **as_typed(answers)}
        raw = fill(form, {}, plan, Random(1), self.county.today)
        papers = tuple(paper(kind) for kind in ("application_form", "id_card", "diagnosis", "invoice"))
        outcome = self.does(OpenCase(flow, policy, person, claims, raw, papers), request)
        assert outcome.case_id is not None
        return CaseFile(self.county, outcome.case_id)

    def opens(
        self,
        flow: str,
        about: "CaseFile | None",
        *,
        person: int = 0,
        papers: tuple[str, ...] = (),
        **answers: Any,
    ) -> "CaseFile":
        """Open a case of any flow without bills: from the page of another case, or for a person."""
        return self.asks(
            flow, about.row.applicant_id if about else person, papers=papers, about=about, **answers
        )

    def asks(
        self,
        flow: str,
        person: int,
        *,
        papers: tuple[str, ...] = (),
        about: Any = None,
        policy: str = POLICY,
        **answers: Any,
    ) -> "CaseFile":
        """Open a case of any flow for a registered person, without bills."""
        book = self.county.house.rules().rulebook
        form = book.forms[book.flows[flow].form]
        typed = as_typed(answers)
        raw = {**fill(form, {}, {**COMMON.get(form.id, {}), **typed}, Random(1), self.county.today), **typed}
        kept = tuple(paper(kind) for kind in papers)
        command = OpenCase(flow, policy, person, (), raw, kept, about=about and about.id)
        outcome = self.does(command)
        assert outcome.case_id is not None
        return CaseFile(self.county, outcome.case_id)

    def attaches(self, case: "CaseFile", kind: str) -> Outcome:
        """Add a paper to a case outside its steps."""
        return self.does(AttachPaper(case.id, paper(kind)))

    def withdraws(self, case: "CaseFile", **answers: Any) -> Outcome:
        return self._leaves(Withdraw, "withdrawal", case, answers)

    def reports_death(self, case: "CaseFile", **answers: Any) -> Outcome:
        return self._leaves(ReportDeath, "death", case, answers)

    def _leaves(self, command: Any, form: str, case: "CaseFile", answers: Mapping[str, Any]) -> Outcome:
        fields = self.county.house.rules().rulebook.forms[form]
        raw = fill(fields, {}, as_typed(answers), Random(1), self.county.today)
        return self.does(command(case.id, {**raw, **as_typed(answers)}))


@dataclass
class SmallCounty:
    """The house and all who work in it."""

    house: House = field(repr=False)
    clock: SetClock
    staff: Mapping[str, Staff] = field(default_factory=dict, repr=False)
    born: int = 0

    def __post_init__(self) -> None:
        with self.house.reader.connect() as conn:
            self.staff = {row.login: Staff(self, Actor(*row[1:])) for row in conn.execute(_STAFF)}

    @property
    def today(self) -> date:
        return self.clock.at.astimezone(SHANGHAI).date()

    def rows(self, model: Any, *where: Any) -> list[Row[Any]]:
        key = list(table(model).primary_key)
        with self.house.reader.connect() as conn:
            return list(conn.execute(select(table(model)).where(*where).order_by(*key)))

    def household(
        self, *, category: str | None = "DB", members: int = 3, born: date | None = None, **bill: Any
    ) -> tuple[int, tuple[int, ...]]:
        """A household of the village with the applicant at its head and one bill; person and bill ids."""
        random, applicant = Random(uuid4().int), 0
        with transaction(self.house.engine) as conn:
            home = conn.scalar(
                insert(Household).returning(Household.id),
                {"village": VILLAGE, "group_name": "第三组", "income": 31000 * ONE, "demonstration": True},
            )
            for place in range(members):
                person = {
                    "name": ("欧阳福根", "曾桂兰", "欧阳小明")[place],
                    "id_number": invent_id_number(random, birth=(not place and born) or self._birth(place)),
                    "household_id": home,
                    "relation": ("self", "spouse", "child")[place],
                    "phone": f"139{random.randint(0, 99_999_999):08d}",
                    "account_number": account(random),
                    "account_holder": "欧阳福根",
                    "demonstration": True,
                }
                added = conn.scalar(insert(Person).returning(Person.id), person)
                applicant = applicant or int(added or 0)
            if category:
                conn.execute(
                    insert(Category),
                    {"person_id": applicant, "code": category, "source_department": "民政局",
                     "valid_from": date(2025, 1, 1), "recorded_at": datetime(2025, 1, 6, 9, tzinfo=SHANGHAI)},
                )  # fmt: skip
        return applicant, (self.bill(applicant, **bill),)

    def _birth(self, place: int) -> date:
        """A birthday of its own for everybody, so that no two identity numbers can be the same."""
        self.born += 1
        return date((1955, 1960, 1995)[place], 1, 1) + timedelta(days=self.born)

    def bill(self, person: int, **parts: Any) -> int:
        """A settled bill of 30,000 yuan of which 8,000 stay with the patient; DB gives 4,875.00 for it."""
        row = {
            "person_id": person, "hospital": "安福县人民医院", "invoice_number": uuid4().hex[:16],
            "kind": "inpatient", "admitted_on": date(2026, 1, 20), "discharged_on": date(2026, 2, 6),
            "settled_on": date(2026, 2, 10), "total": Decimal(30000), "out_of_catalogue": Decimal(1000),
            "basic": Decimal(20000), "serious_illness": Decimal(1000), "commercial": Decimal(0),
            "other_relief": Decimal(0), "serious_illness_settled": True, "demonstration": True,
        }  # fmt: skip
        with transaction(self.house.engine) as conn:
            return int(conn.scalar(insert(Claim).returning(Claim.id), {**row, **parts}))

    def correct(self, model: Any, *where: Any, **values: Any) -> None:
        """Put something right in the register, as an import would."""
        with transaction(self.house.engine) as conn:
            conn.execute(update(table(model)).where(*where).values(**values))

    def second_seat(self, login: str, role: str, org: str) -> Staff:
        """The same person on another seat as well."""
        actor = self.staff[login].actor
        row = {"account_id": actor.account_id, "org": org, "role": role, "valid_from": date(2025, 1, 1)}
        with transaction(self.house.engine) as conn:
            seat = conn.scalar(insert(Seat).returning(Seat.id), row)
        return Staff(self, Actor(actor.account_id, int(seat), role, org, actor.name))

    def colleague(self, login: str) -> Staff:
        """Somebody else at the same desk: another account on the same role of the same office."""
        actor = self.staff[login].actor
        self.born += 1
        row = {
            "login": f"{login}-{self.born}", "name": f"同事{self.born}号", "password": "-", "active": True,
            "epoch": 1, "language": "zh", "elder": False, "demonstration": True, "created_at": MONDAY,
        }  # fmt: skip
        with transaction(self.house.engine) as conn:
            account = int(conn.scalar(insert(Account).returning(Account.id), row) or 0)
            values = {"account_id": account, "org": actor.org, "role": actor.role}
            values["valid_from"] = date(2025, 1, 1)
            seat = int(conn.scalar(insert(Seat).returning(Seat.id), values) or 0)
        return Staff(self, Actor(account, seat, actor.role, actor.org, row["name"]))

    def objects(self, case: "CaseFile", text: str = OBJECTION, name: str = "", contact: str = "") -> Outcome:
        """Somebody objects on the web to the newest posting of the case."""
        command = ReceiveObjection(case.postings[-1].id, text, "web", name, contact)
        return handle(self.house, PUBLIC, command, at=self.clock.at, request_id=uuid4().hex)

    def case(self, case_id: UUID) -> "CaseFile":
        return CaseFile(self, case_id)

    def linked(self, case: "CaseFile", kind: str) -> "CaseFile":
        """The case that was opened from `case` and is tied to it in this way."""
        link = self.rows(CaseLink, CaseLink.other_id == case.id, CaseLink.kind == kind)[-1]
        return CaseFile(self, link.case_id)

    def raise_bill(self, bill: int, total: int) -> None:
        """The insurance corrects a bill: it was dearer than first reported."""
        with transaction(self.house.engine) as conn:
            conn.execute(update(Claim).where(Claim.id == bill).values(total=Decimal(total)))

    def night(self) -> Any:
        """The worker does what is due now."""
        return run_until_quiet(self.house, self.clock.at)

    def completion(
        self, case: "CaseFile", node: str, answers: Mapping[str, Any], papers: Any = None
    ) -> CompleteTask:
        task, row = case.task(node), case.row
        rules = self.house.rules(row.rulebook)
        variables = engine.variables(rules.model, row.engine, task.id) if task.done_at is None else {}
        plan = {**COMMON.get(node, {}), **as_typed(answers)}
        if node == "decide" and plan.get("decision") == "refuse":
            plan = {**REFUSE, **plan}
        if node == "correct_account" and "account_holder" not in plan:
            plan["account_holder"] = "欧阳福根"
        filled = fill(rules.rulebook.forms[task.form], variables, plan, Random(3), self.today)
        raw = {**filled, **as_typed(answers)}
        if papers is None:
            demanded = rules.model.node(task.process, task.node).properties.get("evidence", "").split()
            papers = tuple(paper(kind) for kind in demanded)
        return CompleteTask(case.id, task.id, raw, tuple(papers))

    def drive(self, case: "CaseFile", until: str, plan: Mapping[str, Mapping[str, Any]]) -> "CaseFile":
        """Let everybody do their work until the step `until` is open; time passes during postings."""
        for _ in range(60):
            opened = case.open
            if until in opened or (until == "end" and not opened):
                return case
            task = next(iter(opened.values()))
            if task.kind == "wait":
                self.clock.at = max(self.clock.at, task.due_at)
                self.night()
                self.clock.at = datetime.combine(self.today, time(9), SHANGHAI)
                continue
            for someone in self.staff.values():
                if (someone.actor.role, someone.actor.org) == (task.role, task.org):
                    someone.completes(task.node, case, **plan.get(task.node, {}))
                    break
        raise AssertionError(f"the case never came to {until}")


@dataclass
class CaseFile:
    """A case as the tests look at it: always what the database says now."""

    county: SmallCounty = field(repr=False)
    id: UUID

    @property
    def row(self) -> Any:
        return self._now(_CASE)[0]

    @property
    def state(self) -> str:
        return str(self.row.state)

    @property
    def open(self) -> dict[str, Any]:
        """node → task for every place where the case stands now."""
        return {task.node: task for task in self._now(_OPEN)}

    def task(self, node: str) -> Any:
        return self._now(_TASK, node=node)[-1]

    def _now(self, statement: Prepared, **values: Any) -> list[Any]:
        with self.county.house.reader.connect() as conn:
            return statement.all(conn, {"case": self.id, **values})

    @property
    def entries(self) -> list[dict[str, Any]]:
        with self.county.house.reader.connect() as conn:
            return [stored.entry for stored in entries(conn, self.id)]

    @property
    def reads(self) -> list[dict[str, Any]]:
        """Who looked at the case and who was refused: its entries in the log of reads."""
        with self.county.house.reader.connect() as conn:
            return [stored.entry for stored in entries(conn, chain_of(self.id, READS))]

    def seals_its_sheets(self) -> bool:
        """Each calculation stands in the entry that made it, by the digest of its sheet."""
        made = {row.seq for row in self.calculations}
        sealing = {e["seq"] for e in self.entries if any(name.startswith(SHEET) for name in e["commit"])}
        return bool(made) and made <= sealing

    @property
    def letters(self) -> dict[str, Row[Any]]:
        return {row.kind: row for row in self._all(Letter)}

    @property
    def postings(self) -> list[Row[Any]]:
        return self._all(Posting)

    @property
    def objections(self) -> list[Row[Any]]:
        return self._all(Objection)

    @property
    def payments(self) -> list[Row[Any]]:
        return self._all(Payment)

    @property
    def calculations(self) -> list[Row[Any]]:
        return self._all(Calculation)

    @property
    def alarms(self) -> list[Row[Any]]:
        return self._all(Alarm)

    @property
    def inbox(self) -> list[Row[Any]]:
        return self._all(InboxMessage)

    @property
    def bills(self) -> list[Row[Any]]:
        return self.county.rows(Claim, Claim.case_id == self.id.hex)

    def clock(self, limit: str) -> Row[Any]:
        return self.county.rows(Clock, Clock.case_id == self.id, Clock.limit_id == limit)[-1]

    def _all(self, model: Any) -> list[Row[Any]]:
        return self.county.rows(model, model.case_id == self.id)
