"""一人办到底、顶岗、乱看: steps that one person must not do, seats used while away, files looked into
(RF-24, RF-32, RF-40).
"""

from collections.abc import Callable
from datetime import timedelta

from workflow.commands import LogExport, LogReading
from workflow.errors import NotAllowed
from workflow.leave_commands import TakeLeave
from workflow.simulation.abuses.scene import FILING, NeverCame, Scene
from workflow.simulation.abuses.scripts import Script, together


def both_steps(scene: Scene, turn: int, near: bool) -> Script:
    """Who took the papers in tries to review them as well; or reviews those a colleague took in."""
    case, clerk = scene.ordinary(), scene.post("TWIN")
    twice = scene.also(clerk, "TREV")
    yield from case.until("check_papers")
    taker = scene.colleague("TWIN") if near else clerk
    case.does("check_papers", by=taker)
    yield from case.until("audit_file")
    yield scene.later(hours=1)
    if near:
        case.does("audit_file", by=twice)
        words = "一人两岗，但没有办过本案前一环节"
    else:
        _is_refused("SD-1", lambda: case.does("audit_file", by=twice))
        words = "受理本案的人又去审核本案，被系统拒绝"
    scene.plants("RF-24", words, case, near=near, subjects=[f"account:{clerk.login}"], node="audit_file")
    yield from case.until("archive_case", "end")


def away_and_acting(scene: Scene, turn: int, near: bool) -> Script:
    """The account of somebody who is on leave is used; or on the day after the leave."""
    case = scene.ordinary()
    yield from case.until("give_opinion")
    reviewer, stand_in = scene.colleague("TREV"), scene.post("TREV")
    first, last = scene.today, scene.today + timedelta(days=2 + turn)
    leave = TakeLeave(reviewer.seat_id, stand_in.seat_id, first, last, "training")
    scene.hands.give(reviewer.actor, leave)
    if near:
        yield scene.at(scene.after(1, last))
        case.does("give_opinion", by=reviewer)
        words = "请假结束后本人办理"
    else:
        yield scene.later(hours=2)
        _is_refused("leave", lambda: case.does("give_opinion", by=reviewer))
        words = "请假期间有人用本人账号办理，被系统拒绝"
        yield scene.at(scene.after(1, last))
    scene.plants("RF-24", words, case, near=near, subjects=[f"account:{reviewer.login}"])
    yield from case.until("archive_case", "end")


def _is_refused(rule: str, act: Callable[[], None]) -> None:
    try:
        act()
    except NotAllowed as refusal:
        if refusal.rule == rule:
            return
        raise
    raise NeverCame(f"nobody refused it by {rule}")


def thirty_one_views(scene: Scene, turn: int, near: bool) -> Script:
    """One person looks at 31 full identity numbers in a day; or at thirty."""
    cases = [scene.ordinary() for _ in range(3)]
    clerk = scene.colleague("TREV")
    yield scene.at(scene.after(1))
    many = 30 if near else 31 + turn
    for number in range(many):
        reading = LogReading(cases[number % 3].id, "full_id", "核对身份证号码")
        scene.hands.give(clerk.actor, reading)
        yield scene.later(minutes=4)
    words = f"一人一天查看完整身份证号{many}次"
    scene.plants("RF-32", words, near=near, subjects=[f"account:{clerk.login}"], views=many)
    yield from together(*(case.until("archive_case", "end") for case in cases))


def large_export(scene: Scene, turn: int, near: bool) -> Script:
    """More than two hundred case histories are taken away at once; or two hundred."""
    inspector = scene.hires("INSP", f"{scene.village[:6]}-inspection")
    many = 200 if near else 201 + turn * 150
    reason = "年度检查需要"
    scene.hands.give(inspector.actor, LogExport("xes", many, False, {}, reason))
    scene.plants("RF-32", f"一次导出{many}件", near=near, subjects=[f"account:{inspector.login}"], rows=many)
    yield scene.later(minutes=1)


def filed_for_a_dozen(scene: Scene, turn: int, near: bool) -> Script:
    """A grid worker files for a dozen households in a week, all with accounts that came in that week; or
    for ten.
    """
    worker = scene.hires("GRID", scene.village)
    cases = []
    for number in range(10 if near else 12):
        home = scene.home(size=1)
        cases.append(scene.opens(home, [scene.bill(home)], flow=FILING, by=worker.actor))
        yield scene.later(hours=1) if number % 4 != 3 else scene.at(scene.after(1))
    yield from together(*(case.until("archive_case", "end") for case in cases))
    words = f"网格员一周内代办{len(cases)}件，收款账户都在同一周登记"
    scene.plants("RF-40", words, *cases, near=near, subjects=[f"account:{worker.login}"])
