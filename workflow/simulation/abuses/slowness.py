"""受而不办、受而缓办: what is left lying, dragged on, hidden in pauses, or never begun (RF-01 to RF-06)."""

from datetime import time, timedelta

from workflow.actor import SYSTEM
from workflow.commands import PauseCase, ResumeCase
from workflow.deadlines import SHANGHAI
from workflow.demo.staff import Post
from workflow.simulation.abuses.scene import Answers, Scene
from workflow.simulation.abuses.scripts import Script, together

STEPS = ("audit_file", "enquire", "examine_file")
LIMITS = {"audit_file": 5, "enquire": 10, "examine_file": 10}  # working days: D05, D03, D09
INCOMPLETE: Answers = {
    "acceptance": "incomplete", "missing": ["passbook"], "missing_note": "存折复印件", "help_offered": "none",
}  # fmt: skip
ALERT = "alert_high_cost"
CLOSING = time(17, 20)


def left_lying(scene: Scene, turn: int, near: bool) -> Script:
    """The papers are taken in, and then nobody touches them any more; or only just in time."""
    case, node = scene.ordinary(), STEPS[turn % len(STEPS)]
    yield from case.until(node)
    if not near:
        yield scene.at(scene.after(2 * LIMITS[node] + 3))
        scene.plants("RF-01", f"受理后停在{node}，超过期限两倍没有人办", case, node=node)
        return
    last = case.step(node).due_at.astimezone(SHANGHAI).date() - timedelta(days=1)
    yield scene.at(last, CLOSING)
    case.does(node)
    scene.plants("RF-01", f"{node}在期限最后一天办结", case, near=True, node=node)
    yield from case.until("end")


def dragged_on(scene: Scene, turn: int, near: bool) -> Script:
    """A step is done a working day after it was due; or an hour before."""
    case, node = scene.ordinary(), STEPS[turn % len(STEPS)]
    yield from case.until(node)
    due = case.step(node).due_at
    last = due.astimezone(SHANGHAI).date() - timedelta(days=1)
    yield scene.at(last, CLOSING) if near else scene.at(scene.after(1 + turn, last))
    case.does(node)
    words = f"{node}在到期前办结" if near else f"{node}超期后才办结"
    scene.plants("RF-02", words, case, near=near, node=node, due=due.isoformat())
    yield from case.until("end")


def slow_reviewer(scene: Scene, turn: int, near: bool) -> Script:
    """One reviewer lets every file lie for three working days and more, where others take one; near: too few
    files to tell.
    """
    reviewer = scene.newcomer("TREV")
    yield from together(*(_waits(scene, reviewer, 3 + turn % 2) for _ in range(19 if near else 20)))
    words = "件数不到20，不计" if near else "一人20件审核，每件都放三个工作日以上"
    scene.plants("RF-02", words, near=near, subjects=[f"account:{reviewer.login}"])


def _waits(scene: Scene, reviewer: Post, days: int) -> Script:
    yield scene.later(minutes=scene.random.randint(1, 9_000))
    case = scene.ordinary(size=1)
    yield from case.until("audit_file")
    yield scene.at(scene.after(days), time(11, scene.random.randint(0, 59)))
    case.does("audit_file", by=reviewer)
    yield from case.until("archive_case", "end")


def always_at_the_last(scene: Scene, turn: int, near: bool) -> Script:
    """One reviewer does every file in the last hours of its limit, none too late; near: too few to tell."""
    reviewer = scene.newcomer("TREV")
    yield from together(*(_at_the_last(scene, reviewer) for _ in range(19 if near else 20 + turn)))
    words = "件数不到20，不计" if near else "一人的审核全在时限最后一天下班前办结"
    scene.plants("RF-02", words, near=near, subjects=[f"account:{reviewer.login}"])


def _at_the_last(scene: Scene, reviewer: Post) -> Script:
    yield scene.later(minutes=scene.random.randint(1, 9_000))
    case = scene.ordinary(size=1)
    yield from case.until("audit_file")
    last = case.step("audit_file").due_at.astimezone(SHANGHAI).date() - timedelta(days=1)
    yield scene.at(last, CLOSING)
    case.does("audit_file", by=reviewer)
    yield from case.until("archive_case", "end")


def long_pause(scene: Scene, turn: int, near: bool) -> Script:
    """The case rests for more than three weeks on the word of the approver."""
    case, approver = scene.ordinary(), scene.post("CAPR").actor
    yield from case.until("examine_file")
    note = "等待县公安局核实户籍情况，函号安医保函第12号"
    scene.hands.give(approver, PauseCase(case.id, {"pause_reason": "facts", "pause_note": note}))
    days = 14 if near else 17 + turn
    yield scene.at(scene.after(days))
    scene.hands.give(approver, ResumeCase(case.id, {"resume_note": "情况已经核实清楚，恢复办理"}))
    scene.plants("RF-03", f"暂停办理{days}个工作日", case, near=near, pause_working_days=days)
    yield from case.until("end")


def paused_at_the_last_moment(scene: Scene, turn: int, near: bool) -> Script:
    """On the last day of the limit papers turn out to be missing, and the clock stands; or on the second."""
    case = scene.ordinary()
    yield from case.until("check_papers")
    last = case.step("check_papers").due_at.astimezone(SHANGHAI).date() - timedelta(days=1)
    yield scene.at(scene.after(1)) if near else scene.at(last, time(15, 10 + turn))
    case.answers["check_papers"] = INCOMPLETE
    case.does("check_papers")
    case.answers["check_papers"] = {"acceptance": "accept"}
    words = "收件第二天一次性告知补正" if near else "受理期限最后一天才告知补正，停表"
    scene.plants("RF-03", words, case, near=near, returned_on=scene.today.isoformat())
    yield scene.at(scene.after(3))
    yield from case.until("end")


def accepted_outside(scene: Scene, turn: int, near: bool) -> Script:
    """The written application lay about for days before it was registered."""
    days = 2 if near else (3, 6, 10)[turn % 3]
    home, written = scene.home(), scene.today
    bill = scene.bill(home)
    yield scene.at(scene.after(days))
    case = scene.opens(home, [bill], paper_date=written.isoformat())
    words = f"书面申请放了{days}个工作日才登记"
    scene.plants("RF-04", words, case, near=near, paper_date=written.isoformat())
    yield from case.until("end")


def left_out(scene: Scene, turn: int, near: bool) -> Script:
    """Somebody of the roster has a settled bill that aid is due for, and nobody opens a case."""
    home = scene.home()
    bill = scene.bill(home, settled=scene.today, discharged=scene.today)
    yield scene.at(scene.after(29 if near else 33 + turn))
    if near:
        case = scene.opens(home, [bill])
        scene.plants("RF-05", "结算后第29个工作日登记申请", case, near=True, subjects=home.subjects)
        yield from case.until("end")
    else:
        words = "在册对象结算后30个工作日没有立案、没有救助"
        scene.plants("RF-05", words, subjects=home.subjects, person=home.head.id, bill=bill)


def alert_unanswered(scene: Scene, turn: int, near: bool) -> Script:
    """The high costs of a household were warned of, and nobody visits; or on the last day."""
    home = scene.home(income=15_000)
    scene.bill(home)
    case = scene.opens(home, [], flow=ALERT, by=SYSTEM, trigger_source="cross_check")
    if not near:
        yield scene.at(scene.after(8))
        scene.plants("RF-06", "预警后5个工作日没有入户核查", case, subjects=home.subjects)
        return
    yield scene.at(scene.after(5), time(10, 5))
    case.does("check_alert", alert_result="not_qualified")
    scene.plants("RF-06", "预警后第5个工作日入户", case, near=True, subjects=home.subjects)
    yield from case.until("end")


def alert_without_inclusion(scene: Scene, turn: int, near: bool) -> Script:
    """The visit said that the household qualifies, and no application was registered in ten days."""
    home = scene.home(income=15_000)
    scene.bill(home)
    case = scene.opens(home, [], flow=ALERT, by=SYSTEM, trigger_source="cross_check")
    yield scene.at(scene.after(2))
    case.does("check_alert", alert_result="qualifies")
    yield scene.at(scene.after(10 if near else 13), time(11))
    if near:
        case.does("register_inclusion")
        opened = case.linked("inclusion")
        scene.plants("RF-06", "核查符合后第10个工作日纳入", case, near=True, subjects=home.subjects)
        yield from opened.until("end")
    else:
        scene.plants("RF-06", "核查符合，10个工作日没有纳入", case, subjects=home.subjects)
