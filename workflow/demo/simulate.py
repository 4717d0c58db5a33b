"""Let the demonstration county live: a queue of moments, each a command to the real services.

Nobody here writes a case row. Officers work in office hours, take a random part of their limit,
and now and then too long; the worker runs every night; the clock is the simulation's own.
"""

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import partial
from random import Random
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select

from workflow.actor import PUBLIC, SYSTEM, Actor
from workflow.cases.ways import wanted_flow
from workflow.commands import OpenCase, ReceiveObjection, ReportDeath, Withdraw
from workflow.deadlines import SHANGHAI
from workflow.demo.answers import fill
from workflow.demo.hands import Hands, Simulated
from workflow.demo.households import settle_bill, settle_people
from workflow.demo.manners import NOBODY, USUAL, Away, Manners, Officers
from workflow.demo.papers import Papers
from workflow.demo.staff import Post
from workflow.demo.stories import EVERYDAY, Story, first_of_each
from workflow.errors import NotAllowed, StepImpossible
from workflow.handle import Outcome, case_changed
from workflow.house import House
from workflow.jobs import run_until_quiet
from workflow.store import transaction
from workflow.store.models import Case, Posting, Task, table

WORKER_AT = time(0, 5)
COMMANDS_A_CASE = 26
SEQUELS = 10_000_000  # numbers of stories that follow from others
GREEN, ALERT = "ma_green_channel", "alert_high_cost"
IF_ANYBODY_SPEAKS = frozenset({"await_auto_refusal", "await_exit_objection"})
"""Steps that are done only when somebody refuses or objects; time passes them otherwise."""
OBJECTION = "我认为这一家的收入情况与公示不符，请核实他家今年的务工收入。"
TASK, CASE = table(Task), table(Case)
_OPEN = (
    # By number, never by id: ids are drawn anew each time, and the same seed tells the same stories.
    select(TASK.c.case_id, TASK.c.id, TASK.c.node, TASK.c.due_at, TASK.c.kind, TASK.c.org, TASK.c.role)
    .join(CASE, CASE.c.id == TASK.c.case_id)
    .where(TASK.c.done_at.is_(None))
    .order_by(CASE.c.number, TASK.c.id)
)
_OPEN_OF = _OPEN.where(TASK.c.case_id.in_(bindparam("cases", expanding=True)))


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
        worker: Callable[[datetime], bool] | None = None,
        hours: Sequence[time] = (WORKER_AT,),
        papers: Papers | None = None,
    ) -> None:
        """`worker` comes at `hours` of every day and does what is due; the house's own unless given. It says
        whether others, in processes of their own, have worked as well.
        """
        self.house, self.clock, self.random = house, clock, random
        self.officers, self.hours = Officers(house.calendar, random, manners, away), hours
        self.worker = worker or partial(_work_here, house)
        self.posts: dict[tuple[str, str], list[Post]] = {}
        for post in posts:
            self.posts.setdefault((post.org, post.role), []).append(post)
        self.hands = Hands(house, clock, random, self.posts, papers or Papers(house))
        self.villages = villages
        self.queue: list[tuple[datetime, int, Callable[[], None]]] = []
        self.counter = 0
        self.cases: dict[UUID, Going] = {}
        self.scheduled: set[tuple[UUID, int]] = set()
        self.back: dict[tuple[str, str], date] = {}
        """Desk where somebody stands in today → the last day of the holder's leave."""
        self.apart: set[UUID] = set()
        """Cases that somebody else lets live: nobody here works on them."""
        self.taken: set[str] = set()  # identity numbers
        self.homes: dict[int, tuple[str, int]] = {}
        """Number of a story → village and person, where they live there before they apply."""
        self.before: dict[int, UUID] = {}
        """Number of a story → the case it follows."""
        self.steady, self.sequels = False, 0
        self.eve = clock.at  # set by `run`: when what is left for the last day is done
        self._changed: set[UUID] = set()

    def run(
        self,
        stories: Sequence[Story],
        start: date,
        end: datetime,
        progress: Callable[[int, int], None],
        *,
        steady: bool = False,
        each: int = COMMANDS_A_CASE,
        more: int = 0,
    ) -> int:
        """Open one case per story between `start` and `end`, work until `end`. Returns the commands done.

        Args:
            steady: everybody is in the register from the start, and as many come in every month; otherwise
                most come late, so that much is under way at the end.
            each: so many commands are expected of a case, `more` of what else has been planned.
        """
        days = (end.astimezone(SHANGHAI).date() - start).days
        self.steady = steady
        if steady:
            self.homes = {number: self._settle(story, number) for number, story in enumerate(stories)}
        self.eve = self._working_day_before(end)
        for number, story in enumerate(stories):
            share = self.random.random() ** 0.6 * (0.96 if story.stops_at is None else 0.85)
            if steady:
                share = self.random.random() * 0.97
            elif number < len(first_of_each()):
                # The first of each kind comes to its end, or to where it stops; so does what follows from it.
                share *= 0.05 if story.sequel else 0.25
            day = start + timedelta(days=int(days * share))
            self.at(self.officers.office_time(day, 0), partial(self._open, story, number))
        self.live(start, end, progress, len(stories) * each + more)
        return self.hands.commands

    def live(self, start: date, end: datetime, progress: Callable[[int, int], None], total: int) -> None:
        """Let happen what has been planned with `at`, and what follows from it, until `end`.

        Args:
            total: about so many commands are expected.
        """
        for offset in range((end.astimezone(SHANGHAI).date() - start).days + 1):
            for hour in self.hours:
                self.at(datetime.combine(start + timedelta(days=offset), hour, SHANGHAI), self._round)
        with case_changed.connected_to(self._note, sender=self.house):
            while self.queue and self.queue[0][0] <= end:
                moment, _, act = heapq.heappop(self.queue)
                self.clock.at = moment
                act()
                self._plan_work()
                progress(min(self.hands.commands, total), total)
        progress(total, total)
        self.clock.at = end

    def _note(self, house: House, outcome: Outcome, actor: Actor) -> None:
        if outcome.case_id is not None:
            self._changed.add(outcome.case_id)

    def _working_day_before(self, end: datetime) -> datetime:
        """Ten o'clock on the last working day before the demonstration ends."""
        day = end.astimezone(SHANGHAI).date() - timedelta(days=1)
        while not self.house.calendar().is_working(day):
            day -= timedelta(days=1)
        return datetime.combine(day, time(10), SHANGHAI)

    def at(self, moment: datetime, act: Callable[[], None]) -> None:
        """Plan an act; it is done when the clock stands there."""
        self.counter += 1
        heapq.heappush(self.queue, (moment, self.counter, act))

    def _settle(self, story: Story, number: int) -> tuple[str, int]:
        """A household moves in; the village it lives in and who will apply."""
        village = self.random.choice(self.villages)
        with transaction(self.house.engine) as conn:
            return village, settle_people(conn, self.random, village, number + 1, story, self.taken)

    def _open(self, story: Story, number: int) -> None:
        village, person = self.homes[number] if number in self.homes else self._settle(story, number)
        today = self.hands.today
        rules = self.house.rules()
        row = wanted_flow(rules, rules.policies[story.policy], story.flow)
        claims: tuple[int, ...] = ()
        if row.bills != "none" or row.id in {GREEN, ALERT}:
            with transaction(self.house.engine) as conn:
                claims = settle_bill(conn, self.random, person, today, number + 1, story)
        answers = fill(rules.rulebook.forms[row.form], {}, story.plan(row.form, 0), self.random, today)
        kinds = rules.rulebook.papers
        papers = tuple(self.hands.papers.new(kind) for kind in row.papers if kind in kinds)
        bills = () if row.bills == "none" else claims
        about = self.before.get(number) if row.opened == "case" else None
        if about is not None and row.after and self.hands.outcome(about) not in row.after:
            return  # the case before took another turn: there is nothing to pay back, or to complain of
        command = OpenCase(story.flow, story.policy, person, bills, answers, papers, about)
        actor = self._opener(story.by, village)
        try:
            outcome = self.hands.give(actor, command)
        except StepImpossible:
            if actor is not SYSTEM:
                raise
            return  # no department gives anything for this bill: the program opens nothing
        if outcome.case_id is not None:
            self.cases[outcome.case_id] = Going(story)

    def _opener(self, role: str, village: str) -> Actor:
        """Who opens a case of this village: a seat there, in its township, or in an office of the county."""
        if role == SYSTEM.role:
            return SYSTEM
        inside = (village, f"{village[:9]}000")
        orgs = [org for org, held in self.posts if held == role and (org in inside or not org.isdigit())]
        return self.posts[(orgs[0], role)][0].actor

    def _round(self) -> None:
        if self.worker(self.clock.at):
            self._plan_work(everything=True)

    def _plan_work(self, *, everything: bool = False) -> None:
        """Somebody will do each open task of the cases that have changed which nobody has taken yet."""
        changed, self._changed = self._changed - self.apart, set()
        if not changed and not everything:
            return
        with self.house.reader.connect() as conn:
            found = conn.execute(_OPEN) if everything else conn.execute(_OPEN_OF, {"cases": list(changed)})
            rows = found.all()
        for row in rows:
            if row.case_id in self.apart or (row.case_id, row.id) in self.scheduled:
                continue
            going = self.cases.setdefault(row.case_id, Going(EVERYDAY))
            self.scheduled.add((row.case_id, row.id))
            if self.steady and row.node in IF_ANYBODY_SPEAKS:
                continue
            if row.kind == "user" and not going.story.stops(row.node, going.visits.get(row.node, 0)):
                moment = self.officers.moment(row, self.clock.at)
                if moment is None:
                    continue
                if row.node == going.story.last_day:
                    moment = max(moment, self.eve)
                self.at(moment, partial(self._work, row.case_id, row.id))
            elif row.kind == "wait" and going.story.objection_in is not None:
                moment = self.clock.at + timedelta(days=self.random.randint(1, 4), hours=3)
                self.at(moment, partial(self._object, row.case_id))

    def _work(self, case_id: UUID, task_id: int) -> None:
        going = self.cases[case_id]
        case, task = self.hands.look(case_id, task_id)
        if task.done_at is not None or self._leaves(going, case_id, case, task.node):
            return
        visit = going.visits.get(task.node, 0)
        for post in self.hands.able(case, task):
            try:
                self.hands.complete(post.actor, case, task, going.story, visit)
            except NotAllowed:
                continue  # separation of duties: a colleague does it; the refusal stands in the log
            going.visits[task.node] = visit + 1
            if going.story.sequel and going.story.sequel[0] == task.node:
                self._plan_sequel(going.story.sequel[1], case)
            return
        if (last := self.back.get((task.org, task.role))) is not None:  # who stands in may not: it waits
            self.at(self.officers.office_time(last, 1), partial(self._work, case_id, task_id))

    def _plan_sequel(self, story: Story, case: Any) -> None:
        self.sequels += 1
        number = SEQUELS + self.sequels
        self.homes[number], self.before[number] = (case.village, case.applicant_id), case.id
        day = self.officers.office_time(self.hands.today, self.random.randint(2, 6))
        self.at(day, partial(self._open, story, number))

    def _leaves(self, going: Going, case_id: UUID, case: object, node: str) -> bool:
        """The applicant withdraws or dies before this step."""
        story = going.story
        if going.left or node not in {story.leaves_at, story.dies_at}:
            return False
        going.left = True
        form_id = "withdrawal" if node == story.leaves_at else "death"
        form = self.house.rules().rulebook.forms[form_id]
        today = self.hands.today
        answers = fill(form, {}, story.plan(form_id, 0), self.random, today)
        kind = Withdraw if node == story.leaves_at else ReportDeath
        village = str(getattr(case, "village"))  # noqa: B009
        actor = self.posts[(village, "VLIA")][0].actor
        self.hands.give(actor, kind(case_id, answers))
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
        self.hands.give(PUBLIC, ReceiveObjection(posting.id, OBJECTION, "web"))


def _work_here(house: House, at: datetime) -> bool:
    run_until_quiet(house, at)
    return False
