"""Let the demonstration county live: a queue of moments, each a command to the real services.

Nobody here writes a case row. Officers work in office hours, take a random part of their limit,
and now and then too long; the worker runs every night; the clock is the simulation's own.
"""

import heapq
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import partial
from random import Random
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import select

from workflow import engine
from workflow.actor import PUBLIC, SYSTEM, Actor
from workflow.cases.ways import wanted_flow
from workflow.commands import CompleteTask, NewPaper, OpenCase, ReceiveObjection, ReportDeath, Withdraw
from workflow.deadlines import SHANGHAI
from workflow.demo.answers import fill
from workflow.demo.households import settle_household
from workflow.demo.manners import NOBODY, USUAL, Away, Manners, Officers
from workflow.demo.papers import demonstration_papers
from workflow.demo.staff import Post
from workflow.demo.stories import EVERYDAY, REFUSE, STORIES, Plan, Story
from workflow.errors import NotAllowed
from workflow.handle import handle
from workflow.house import House
from workflow.jobs import run_until_quiet
from workflow.store import transaction
from workflow.store.models import Case, Claim, Person, Posting, Recovery, Task, table

NAMESPACE = UUID("6d696e67-6a69-616e-8000-64656d6f0000")
WORKER_AT = time(0, 5)
NO_AID = frozenset({"CAP_NOT_CONFIGURED", "OUTSIDE_VALIDITY"})
READ_OFF: Mapping[str, tuple[str, Any]] = {
    "correct_account": ("account_holder", Person.name),
    "receive_full_papers": ("invoice_numbers", Claim.invoice_number),
    "record_repayment": ("repaid", Recovery.outstanding),
}
OBJECTION = "我认为这一家的收入情况与公示不符，请核实他家今年的务工收入。"


@dataclass
class Simulated:
    """A clock that stands where the simulation is."""

    at: datetime

    def __call__(self) -> datetime:
        return self.at


@dataclass
class Going:
    """A case under way: its story, and how often each step has come."""

    story: Story
    visits: dict[str, int] = field(default_factory=dict)
    left: bool = False


class County:
    """The demonstration county between two days."""

    def __init__(
        self,
        house: House,
        clock: Simulated,
        posts: Sequence[Post],
        villages: Sequence[str],
        random: Random,
        *,
        manners: Manners = USUAL,
        away: Away = NOBODY,
        worker: Callable[[datetime], object] | None = None,
        hours: Sequence[time] = (WORKER_AT,),
    ) -> None:
        """`worker` comes at `hours` of every day and does what is due; the house's own unless given."""
        self.house, self.clock, self.random = house, clock, random
        self.officers, self.hours = Officers(house.calendar, random, manners, away), hours
        self.worker = worker or partial(run_until_quiet, house)
        self.posts: dict[tuple[str, str], list[Post]] = {}
        for post in posts:
            self.posts.setdefault((post.org, post.role), []).append(post)
        self.villages = villages
        self.papers = demonstration_papers(house)
        self.queue: list[tuple[datetime, int, Callable[[], None]]] = []
        self.counter = 0
        self.cases: dict[UUID, Going] = {}
        self.scheduled: set[tuple[UUID, int]] = set()
        self.commands = 0
        self.eve = clock.at  # set by `run`: when what is left for the last day is done

    def run(
        self, stories: Sequence[Story], start: date, end: datetime, progress: Callable[[int, int], None]
    ) -> int:
        """Open one case per story between `start` and `end`, work until `end`. Returns the commands done."""
        days = (end.astimezone(SHANGHAI).date() - start).days
        self.eve = self._working_day_before(end)
        for number, story in enumerate(stories):
            share = self.random.random() ** 0.6 * (0.96 if story.stops_at is None else 0.85)
            if number < len(STORIES):
                share *= 0.4  # the first of each kind comes to its end, or to where it stops
            day = start + timedelta(days=int(days * share))
            self._at(self.officers.office_time(day, 0), lambda s=story, n=number: self._open(s, n))  # type: ignore[misc]
        for offset in range(days + 1):
            for hour in self.hours:
                self._at(datetime.combine(start + timedelta(days=offset), hour, SHANGHAI), self._round)
        total = len(stories) * 26
        while self.queue and self.queue[0][0] <= end:
            moment, _, act = heapq.heappop(self.queue)
            self.clock.at = moment
            act()
            progress(min(self.commands, total), total)
        progress(total, total)
        self.clock.at = end
        return self.commands

    def _working_day_before(self, end: datetime) -> datetime:
        """Ten o'clock on the last working day before the demonstration ends."""
        day = end.astimezone(SHANGHAI).date() - timedelta(days=1)
        while not self.house.calendar().is_working(day):
            day -= timedelta(days=1)
        return datetime.combine(day, time(10), SHANGHAI)

    def _at(self, moment: datetime, act: Callable[[], None]) -> None:
        self.counter += 1
        heapq.heappush(self.queue, (moment, self.counter, act))

    def _request(self) -> str:
        self.commands += 1
        return uuid5(NAMESPACE, str(self.commands)).hex

    def _papers(self, kinds: Sequence[str]) -> tuple[NewPaper, ...]:
        return tuple(self.papers[kind] for kind in kinds)

    def _open(self, story: Story, number: int) -> None:
        village = self.random.choice(self.villages)
        today = self._today()
        with transaction(self.house.engine) as conn:
            person, claims = settle_household(conn, self.random, village, today, number + 1, story)
        rules = self.house.rules()
        row = wanted_flow(rules, rules.policies[story.policy], story.flow)
        answers = fill(rules.rulebook.forms[row.form], {}, story.plan(row.form, 0), self.random, today)
        papers = self._papers([kind for kind in row.papers if kind in self.papers])
        bills = () if row.bills == "none" else claims
        command = OpenCase(story.flow, story.policy, person, bills, answers, papers)
        actor = self._opener(story.by, village)
        outcome = handle(self.house, actor, command, at=self.clock.at, request_id=self._request())
        if outcome.case_id is not None:
            self.cases[outcome.case_id] = Going(story)
            self._plan_work(outcome.case_id)

    def _opener(self, role: str, village: str) -> Actor:
        """Who opens a case of this village: a seat there, in its township, or in an office of the county."""
        if role == SYSTEM.role:
            return SYSTEM
        inside = (village, f"{village[:9]}000")
        orgs = [org for org, held in self.posts if held == role and (org in inside or not org.isdigit())]
        return self.posts[(orgs[0], role)][0].actor

    def _round(self) -> None:
        self.worker(self.clock.at)
        self._plan_work(None)

    def _plan_work(self, case_id: UUID | None) -> None:
        """Somebody will do each open task that nobody has taken yet."""
        wanted = (
            select(Task.case_id, Task.id, Task.node, Task.due_at, Task.kind, Task.org, Task.role)
            .join(Case, Case.id == Task.case_id)
            .where(Task.done_at.is_(None))
        )
        if case_id is not None:
            wanted = wanted.where(Task.case_id == case_id)
        with self.house.reader.connect() as conn:
            # By number, never by id: ids are drawn anew each time, and the same seed tells the same stories.
            rows = conn.execute(wanted.order_by(Case.number, Task.id)).all()
        for row in rows:
            if (row.case_id, row.id) in self.scheduled:
                continue
            going = self.cases.setdefault(row.case_id, Going(EVERYDAY))
            self.scheduled.add((row.case_id, row.id))
            if row.kind == "user" and row.node != going.story.stops_at:
                moment = self.officers.moment(row, self.clock.at)
                if moment is None:
                    continue
                if row.node == going.story.last_day:
                    moment = max(moment, self.eve)
                self._at(moment, lambda c=row.case_id, t=row.id: self._work(c, t))  # type: ignore[misc]
            elif row.kind == "wait" and going.story.objection_in is not None:
                moment = self.clock.at + timedelta(days=self.random.randint(1, 4), hours=3)
                self._at(moment, lambda c=row.case_id: self._object(c))  # type: ignore[misc]

    def _today(self) -> date:
        return self.clock.at.astimezone(SHANGHAI).date()

    def _work(self, case_id: UUID, task_id: int) -> None:
        going = self.cases[case_id]
        with self.house.reader.connect() as conn:
            task = conn.execute(select(table(Task)).where(Task.case_id == case_id, Task.id == task_id)).one()
            case = conn.execute(
                select(Case.engine, Case.rulebook, Case.village).where(Case.id == case_id)
            ).one()
        if task.done_at is not None:
            return
        if self._leaves(going, case_id, case, task.node):
            return
        visit = going.visits.get(task.node, 0)
        rules = self.house.rules(case.rulebook)
        variables = engine.variables(rules.model, case.engine, task_id)
        today = self._today()
        plan = {**going.story.plan(task.node, visit), **self._read_off(task.node, case_id)}
        if task.node in {"decide", "check_calculation"} and (
            not variables.get("aid_fen") or NO_AID & set(variables.get("warnings", ()))
        ):
            plan.update(REFUSE)  # nothing computed: zero is a refusal with a reason (C-29)
        answers = fill(rules.rulebook.forms[task.form], variables, plan, self.random, today)
        node = rules.model.node(task.process, task.node)
        papers = self._papers(node.properties.get("evidence", "").split())
        for post in self.posts.get((task.org, task.role), ()):
            command = CompleteTask(case_id, task_id, answers, papers)
            try:
                handle(self.house, post.actor, command, at=self.clock.at, request_id=self._request())
            except NotAllowed:
                continue  # separation of duties: a colleague does it; the refusal stands in the log
            going.visits[task.node] = visit + 1
            self._plan_work(case_id)
            return

    def _read_off(self, node: str, case_id: UUID) -> Plan:
        """What stands on the papers of this very case."""
        wanted = READ_OFF.get(node)
        if wanted is None:
            return {}
        name, column = wanted
        told = (
            select(column)
            .select_from(Case)
            .join(Person, Person.id == Case.applicant_id)
            .outerjoin(Claim, Claim.person_id == Person.id)
            .outerjoin(Recovery, Recovery.case_id == Case.id)
            .where(Case.id == case_id)
            .order_by(Claim.id)
        )
        with self.house.reader.connect() as conn:
            return {name: str(conn.scalar(told))}

    def _leaves(self, going: Going, case_id: UUID, case: object, node: str) -> bool:
        """The applicant withdraws or dies before this step."""
        story = going.story
        if going.left or node not in {story.leaves_at, story.dies_at}:
            return False
        going.left = True
        form_id = "withdrawal" if node == story.leaves_at else "death"
        form = self.house.rules().rulebook.forms[form_id]
        today = self._today()
        answers = fill(form, {}, story.plan(form_id, 0), self.random, today)
        kind = Withdraw if node == story.leaves_at else ReportDeath
        village = str(getattr(case, "village"))  # noqa: B009
        actor = self.posts[(village, "VLIA")][0].actor
        handle(self.house, actor, kind(case_id, answers), at=self.clock.at, request_id=self._request())
        self._plan_work(case_id)
        return True

    def _object(self, case_id: UUID) -> None:
        going = self.cases[case_id]
        with self.house.reader.connect() as conn:
            posting = conn.execute(
                select(Posting.id, Posting.number).where(
                    Posting.case_id == case_id,
                    Posting.taken_down_at.is_(None),
                    Posting.ends_at > self.clock.at,
                )
            ).first()
        if posting is None or going.left:
            return
        if posting.number != going.story.objection_in:
            return
        going.left = True
        handle(
            self.house,
            PUBLIC,
            ReceiveObjection(posting.id, OBJECTION, "web"),
            at=self.clock.at,
            request_id=self._request(),
        )
        self._plan_work(case_id)
