"""冒名、虚假、应退未退: the dead who are aided, one account for many, rosters that are bent
(RF-15, RF-16, RF-17).
"""

from datetime import date, time, timedelta

from workflow.demo.answers import account
from workflow.demo.people import invent_name
from workflow.simulation.abuses.moving_in import SINCE, Home
from workflow.simulation.abuses.scene import FILING, Scene
from workflow.simulation.abuses.scripts import Script, together

STRANGER = "龙"  # surname


def dies(scene: Scene, home: Home, died_on: date) -> Script:
    """The death of the head is reported in a case of the household and verified by the township."""
    case = scene.opens(home, [scene.bill(home, settled=scene.today - timedelta(days=12))])
    yield from case.until("enquire")
    case.reports_death(died_on)
    case.answers["verify_death"] = {"death_confirmed": "yes", "died_on": died_on.isoformat()}
    yield from case.until("verify_death")
    case.does("verify_death")


def treated_after_death(scene: Scene, turn: int, near: bool) -> Script:
    """A bill of a stay that began after the death is aided; or of one that ended before it."""
    home, today = scene.home(), scene.today
    died_on = today
    yield from dies(scene, home, died_on)
    yield scene.at(scene.after(24))
    begun = died_on - timedelta(days=30) if near else died_on + timedelta(days=3 + turn)
    bill = scene.bill(
        home, admitted=begun, discharged=begun + timedelta(days=12), settled=scene.today - timedelta(days=1)
    )
    case = scene.opens(home, [bill])
    yield from case.until("archive_case", "end")
    words = "去世前的住院费用，去世后由家属申请" if near else "死亡日期以后的住院费用得到救助"
    for rule in ("RF-15",) if near else ("RF-15", "RF-16"):
        facts = {"died_on": died_on.isoformat(), "admitted_on": begun.isoformat()}
        scene.plants(rule, words, case, near=near, subjects=[home.subjects[1]], **facts)


def dead_on_the_roster(scene: Scene, turn: int, near: bool) -> Script:
    """Nobody takes the dead off the roster; or it is done on the last days of the month."""
    home, died_on = scene.home(size=1), scene.today
    yield from dies(scene, home, died_on)
    yield scene.at(scene.after(2))
    if near:
        yield from _leaves_the_roster(scene, home)
        words = "死亡后30天内停止待遇"
    else:
        yield scene.at(died_on + timedelta(days=36 + turn))
        words = "死亡超过30天仍在册"
    scene.plants("RF-16", words, near=near, subjects=home.subjects, died_on=died_on.isoformat())


def _leaves_the_roster(scene: Scene, home: Home) -> Script:
    exit_case = scene.opens(
        home, [], flow="roster_exit", exit_category="DB", exit_cause="death",
        exit_from=scene.today.isoformat(),
    )  # fmt: skip
    exit_case.answers["confirm_exit"] = {"exit_confirmed": "yes"}
    yield from exit_case.until("decide_stop")
    exit_case.does("decide_stop")


def one_account_for_many(scene: Scene, turn: int, near: bool) -> Script:
    """Three households that have nothing to do with each other are paid to one account; or two."""
    number = account(scene.random)
    homes = [scene.home(size=1, number=number) for _ in range(2 if near else 3)]
    cases = []
    for home in homes:
        cases.append(scene.opens(home, [scene.bill(home)], flow=FILING))
        yield scene.later(minutes=30)
    yield from together(*(case.until("archive_case", "end") for case in cases))
    words = f"{len(cases)}户互不相关的人用同一个银行账号"
    subjects = [subject for home in homes for subject in home.subjects]
    scene.plants("RF-15", words, *cases, near=near, subjects=subjects)


def one_phone_for_many(scene: Scene, turn: int, near: bool) -> Script:
    """Three households give one telephone; or two."""
    phone = f"137{scene.random.randint(0, 99_999_999):08d}"
    homes = [scene.home(size=1, phone=phone) for _ in range(2 if near else 3)]
    cases = []
    for home in homes:
        cases.append(scene.opens(home, [scene.bill(home)], flow=FILING, phone=phone))
        yield scene.later(minutes=30)
    words = f"{len(cases)}户互不相关的人留同一个电话"
    subjects = [subject for home in homes for subject in home.subjects]
    scene.plants("RF-15", words, *cases, near=near, subjects=subjects)
    yield from together(*(case.until("archive_case", "end") for case in cases))


def account_of_a_stranger(scene: Scene, turn: int, near: bool) -> Script:
    """The money goes to somebody who is neither the applicant nor of the household; or to the spouse."""
    stranger = STRANGER + invent_name(scene.random, "male")[1:] + "山"
    names = (invent_name(scene.random, "male"), invent_name(scene.random, "female"))
    home = scene.home(names=names, holder=names[1] if near else stranger)
    case = scene.opens(home, [scene.bill(home)])
    yield from case.until("archive_case", "end")
    words = "账户是配偶的" if near else "收款账户不是本人或家庭成员的"
    scene.plants("RF-15", words, case, near=near, subjects=home.subjects)


def put_on_the_roster_for_it(scene: Scene, turn: int, near: bool) -> Script:
    """The roster is bent back so that it covers the admission, and approved at once; or by thirty days."""
    back = 30 if near else 60 + turn * 15
    home = scene.home(since=scene.today - timedelta(days=back), recorded=scene.today)
    case = scene.opens(home, [scene.bill(home)])
    words = f"认定日期追溯{back}天"
    scene.plants("RF-17", words, case, near=near, subjects=home.subjects, back_dated_days=back)
    yield from case.until("archive_case", "end")


def on_the_roster_today(scene: Scene, turn: int, near: bool) -> Script:
    """The category comes into the register on the day of the approval, and that makes it possible; or weeks
    before.
    """
    home = scene.home(size=1, category="JDLK")
    yield scene.at(scene.after(1))
    case = scene.opens(home, [scene.bill(home)])
    if near:
        scene.recognises(home, since=scene.today - timedelta(days=29))
    yield from case.until("recheck_file")
    yield scene.at(scene.after(1), time(9, 20))
    if not near:
        scene.recognises(home, since=SINCE)
    case.does("recheck_file")
    yield scene.later(hours=2)
    if near:
        yield from case.until("decide")
    else:
        case.does("decide", decision="approve")
    yield from case.until("archive_case", "end")
    words = "审批前很久已经登记类别" if near else "审批当天才登记类别"
    scene.plants("RF-17", words, case, near=near, subjects=home.subjects)
