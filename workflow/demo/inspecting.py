"""What the demonstration's inspector has found and checked before today, through the same services as all.

One finding is sent, one answered (整改), one closed; one spot check is drawn and recorded, one announced.
Nothing here draws from the county's randomness: the cases live as they would without it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import partial
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import select

from workflow.actor import Actor
from workflow.deadlines import SHANGHAI
from workflow.demo.simulate import County
from workflow.errors import StepImpossible
from workflow.finding_commands import AcceptFinding, AnswerFinding, CloseFinding, DraftFinding, SendFinding
from workflow.spot_check_commands import DrawSpotCheck, PlanSpotCheck, RecordSheet
from workflow.store.models import Case, Finding, SpotCheck, SpotCheckSheet, Task, table

WORDS: Final = ("青山不改 2026", "细水长流 2026")
"""What the inspector has committed to: of the spot check that is drawn, and of the one that is announced."""
TEXTS: Final[tuple[tuple[str, Mapping[str, str]], ...]] = (
    (
        "record_review",
        {
            "finding_facts": "评议记录没有写会议起止时间，附的签名页上也没有日期，看不出签名是不是当天的。",
            "finding_rule": "民主评议应当有完整的会议记录",
            "finding_asked": "补写会议时间，说明签名是哪一天签的，今后签名页注明日期。",
        },
    ),
    (
        "survey_household",
        {
            "finding_facts": "入户调查表收入来源一栏只写“务工”，没有写务工地点和月收入，无法核对。",
            "finding_rule": "入户调查应当逐项核实家庭收入",
            "finding_asked": "补充核实收入来源，今后调查表逐项填写。",
        },
    ),
    (
        "post_review_result",
        {
            "finding_facts": "公示照片只拍到公示纸，看不出张贴在哪里，拍摄时间也看不清。",
            "finding_rule": "三榜公示须满7日并有照片为证",
            "finding_asked": "说明张贴地点，今后照片要能看出公示栏和日期。",
        },
    ),
)
ANSWER: Final = {
    "finding_answer_words": "已经补正并附说明；乡镇已召集经办人学习填写要求，以后由复核人逐项核对。"
}
CLOSING: Final = {"finding_closing_words": "回头看抽查了同村三件，评议记录的时间和签名日期都齐全。"}


def inspect(county: County, end: datetime) -> None:
    """Plan what the inspector does in the last weeks before `end`."""
    desk = _Desk(county)
    calendar = county.house.calendar()

    def on(days: int, hour: time, act: Callable[[], None]) -> None:
        day = end.astimezone(SHANGHAI).date() - timedelta(days=days)
        while not calendar.is_working(day):
            day -= timedelta(days=1)
        county.at(datetime.combine(day, hour, SHANGHAI), act)

    on(45, time(9, 40), partial(desk.finds, 0))
    on(38, time(10, 20), partial(desk.answers, 0))
    on(36, time(15, 10), partial(desk.accepts, 0, 10))
    on(20, time(9, 5), partial(desk.closes, 0))
    on(12, time(10, 15), partial(desk.finds, 1))
    on(5, time(16, 5), partial(desk.answers, 1))
    on(4, time(14, 30), partial(desk.finds, 2))
    on(24, time(9, 15), partial(desk.announces, 0))
    on(18, time(9, 25), desk.draws)
    on(17, time(9, 35), desk.records)
    on(3, time(9, 45), partial(desk.announces, 1))


@dataclass
class _Desk:
    """The inspector's desk. What there is nothing to do it with yet, in a small county, is left out."""

    county: County
    found: dict[int, Any] = field(default_factory=dict)

    @property
    def inspector(self) -> Actor:
        office = next(org for org, role in self.county.posts if role == "INSP")
        return self.county.posts[office, "INSP"][0].actor

    def finds(self, place: int) -> None:
        """A finding, pinned to the entry of a step that has been done, and sent to the township."""
        node, words = TEXTS[place]
        taken = [row.case_id for row in self.found.values()]
        task = self._first(
            select(Task.case_id, Task.done_seq, Case.township)
            .join(Case, Case.id == Task.case_id)
            .where(Task.node == node, Task.done_seq.is_not(None), Case.id.not_in(taken))
            .order_by(Task.done_at.desc(), Case.number)
        )
        if task is None:
            return
        self._give(self.inspector, DraftFinding(task.case_id, task.done_seq, task.township, words))
        number = self._first(select(Finding.id).order_by(Finding.id.desc()))
        self.found[place] = self._first(select(table(Finding)).where(Finding.id == number.id))
        self._give(self.inspector, SendFinding(task.case_id, number.id))

    def answers(self, place: int) -> None:
        if place in self.found:
            row = self.found[place]
            leader = self.county.posts[row.org, "TLEAD"][0].actor
            self._give(leader, AnswerFinding(row.case_id, row.id, ANSWER))

    def accepts(self, place: int, days: int) -> None:
        if place in self.found:
            row = self.found[place]
            again = {"relook_on": (self._today + timedelta(days=days)).isoformat()}
            self._give(self.inspector, AcceptFinding(row.case_id, row.id, again))

    def closes(self, place: int) -> None:
        if place in self.found:
            row = self.found[place]
            self._give(self.inspector, CloseFinding(row.case_id, row.id, CLOSING))

    def announces(self, place: int) -> None:
        """A spot check of what was closed in the ninety days before; drawn when the log has come so far."""
        first = self._today - timedelta(days=90)
        since = datetime.combine(first, time(), SHANGHAI)
        if self._first(select(Case.id).where(Case.closed_at >= since)) is not None:
            said = sha256(WORDS[place].encode()).hexdigest()
            self._give(self.inspector, PlanSpotCheck("quarterly", first, self._today, said))

    def draws(self) -> None:
        plan = self._first(select(SpotCheck.id).order_by(SpotCheck.id))
        if plan is None:
            return
        try:
            self._give(self.inspector, DrawSpotCheck(plan.id, WORDS[0]))
        except StepImpossible:
            return  # so little has happened since that the log is not long enough: it stays announced

    def records(self) -> None:
        """All sheets of the sample but the last; one thing in the first is wrong."""
        with self.county.house.reader.connect() as conn:
            sample = conn.execute(
                select(SpotCheckSheet.case_id, SpotCheckSheet.plan_id)
                .join(Case, Case.id == SpotCheckSheet.case_id)
                .order_by(Case.number)
            ).all()
        right = dict.fromkeys(self.county.house.spot_checks().sheet, "right")
        for place, row in enumerate(sample[:-1] or sample):
            wrong = {"survey": "wrong"} if place == 0 else {}
            remark = "调查表没有第二名调查人的意见。" if wrong else ""
            self._give(self.inspector, RecordSheet(row.case_id, row.plan_id, {**right, **wrong}, remark))

    @property
    def _today(self) -> date:
        return self.county.hands.today

    def _give(self, actor: Actor, command: Any) -> None:
        self.county.hands.give(actor, command)

    def _first(self, asked: Any) -> Any:
        with self.county.house.reader.connect() as conn:
            return conn.execute(asked.limit(1)).first()
