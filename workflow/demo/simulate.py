"""Let the demonstration county live: a queue of moments, each a command to the real services.

Nobody here writes a case row. Officers work in office hours, take a random part of their limit,
and now and then too long; the worker runs every night; the clock is the simulation's own.
"""

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from random import Random
from uuid import UUID, uuid5

from sqlalchemy import select

from workflow import engine
from workflow.actor import PUBLIC
from workflow.cases.ways import wanted_flow
from workflow.commands import CompleteTask, NewPaper, OpenCase, ReceiveObjection, ReportDeath, Withdraw
from workflow.deadlines import SHANGHAI
from workflow.demo.answers import fill
from workflow.demo.households import settle_household
from workflow.demo.papers import demonstration_papers
from workflow.demo.staff import Post
from workflow.demo.stories import REFUSE, STORIES, Story
from workflow.errors import NotAllowed
from workflow.handle import handle
from workflow.house import House
from workflow.jobs import run_until_quiet
from workflow.store import transaction
from workflow.store.models import Case, Person, Posting, Task, table

NAMESPACE = UUID("6d696e67-6a69-616e-8000-64656d6f0000")
WORKER_AT = time(0, 5)
OFFICE = (8.5, 17.4)  # hours
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
        self, house: House, clock: Simulated, posts: Sequence[Post], villages: Sequence[str], random: Random
    ) -> None:
        self.house, self.clock, self.random = house, clock, random
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
            self._at(self._office_time(day, 0), lambda s=story, n=number: self._open(s, n))  # type: ignore[misc]
        for offset in range(days + 1):
            self._at(datetime.combine(start + timedelta(days=offset), WORKER_AT, SHANGHAI), self._night)
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

    def _office_time(self, day: date, working_days: int) -> datetime:
        """Some moment in office hours, so many working days after `day` (0: the next from it on)."""
        calendar = self.house.calendar()
        while not calendar.is_working(day):
            day += timedelta(days=1)
        for _ in range(working_days):
            day += timedelta(days=1)
            while not calendar.is_working(day):
                day += timedelta(days=1)
        hours = self.random.uniform(*OFFICE)
        return datetime.combine(day, time(), SHANGHAI) + timedelta(hours=hours)

    def _request(self) -> str:
        self.commands += 1
        return uuid5(NAMESPACE, str(self.commands)).hex

    def _papers(self, kinds: Sequence[str]) -> tuple[NewPaper, ...]:
        return tuple(self.papers[kind] for kind in kinds)

    def _open(self, story: Story, number: int) -> None:
        village = self.random.choice(self.villages)
        township = f"{village[:9]}000"
        post = self.posts[(village, "VLIA") if story.by_village else (township, "TWIN")][0]
        today = self.clock.at.astimezone(SHANGHAI).date()
        with transaction(self.house.engine) as conn:
            person, claims = settle_household(conn, self.random, village, today, number + 1, story)
        rules = self.house.rules()
        row = wanted_flow(rules, rules.policies[story.policy], story.flow)
        answers = fill(rules.rulebook.forms[row.form], {}, story.plan(row.form, 0), self.random, today)
        papers = self._papers([kind for kind in row.papers if kind in self.papers])
        command = OpenCase(story.flow, story.policy, person, claims, answers, papers)
        outcome = handle(self.house, post.actor, command, at=self.clock.at, request_id=self._request())
        if outcome.case_id is not None:
            self.cases[outcome.case_id] = Going(story)
            self._plan_work(outcome.case_id)

    def _night(self) -> None:
        run_until_quiet(self.house, self.clock.at)
        self._plan_work(None)

    def _plan_work(self, case_id: UUID | None) -> None:
        """Somebody will do each open task that nobody has taken yet."""
        wanted = (
            select(Task.case_id, Task.id, Task.node, Task.due_at, Task.kind)
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
            going = self.cases[row.case_id]
            self.scheduled.add((row.case_id, row.id))
            if row.kind == "user" and row.node != going.story.stops_at:
                moment = self._office_time(self.clock.at.astimezone(SHANGHAI).date(), self._pace())
                moment = max(moment, self.clock.at + timedelta(minutes=self.random.randint(20, 300)))
                if row.node == going.story.last_day:
                    moment = max(moment, self.eve)
                self._at(moment, lambda c=row.case_id, t=row.id: self._work(c, t))  # type: ignore[misc]
            elif row.kind == "wait" and going.story.objection_in is not None:
                moment = self.clock.at + timedelta(days=self.random.randint(1, 4), hours=3)
                self._at(moment, lambda c=row.case_id: self._object(c))  # type: ignore[misc]

    def _pace(self) -> int:
        """Working days somebody lets a task lie: mostly few, sometimes too many."""
        return self.random.choices((0, 1, 2, 3, 5, 9), (30, 30, 18, 12, 7, 3))[0]

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
        today = self.clock.at.astimezone(SHANGHAI).date()
        plan = dict(going.story.plan(task.node, visit))
        if task.node in {"decide", "check_calculation"} and not variables.get("aid_fen"):
            plan.update(REFUSE)  # nothing computed: zero is a refusal with a reason (C-29)
        if task.node == "correct_account":
            plan["account_holder"] = self._applicant_name(case_id)
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

    def _applicant_name(self, case_id: UUID) -> str:
        with self.house.reader.connect() as conn:
            return str(
                conn.scalar(
                    select(Person.name).join(Case, Case.applicant_id == Person.id).where(Case.id == case_id)
                )
            )

    def _leaves(self, going: Going, case_id: UUID, case: object, node: str) -> bool:
        """The applicant withdraws or dies before this step."""
        story = going.story
        if going.left or node not in {story.leaves_at, story.dies_at}:
            return False
        going.left = True
        form_id = "withdrawal" if node == story.leaves_at else "death"
        form = self.house.rules().rulebook.forms[form_id]
        today = self.clock.at.astimezone(SHANGHAI).date()
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
