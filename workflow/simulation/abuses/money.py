"""滞留、截留、化整为零: money that comes late, goes to the wrong people, or is split below a limit
(RF-18, RF-19, RF-25, RF-34, RF-36).
"""

from datetime import time, timedelta

from workflow.actor import SYSTEM
from workflow.simulation.abuses.scene import FILING, Answers, InHand, Scene
from workflow.simulation.abuses.scripts import Script, together

COMPANY = ("安福县惠民商贸有限公司", "安福县老年协会", "平都镇枫田村村民委员会")
AUTOMATIC = "ma_auto_parallel"
REFUSES: Answers = {
    "part_decision": "refuse", "part_reason": "R06", "part_note": "本部门核对后认为家庭收入超过标准",
}  # fmt: skip
LIMIT = 3_000
"""Yuan that a township may grant by itself (C-28)."""


def paid_late(scene: Scene, turn: int, near: bool) -> Script:
    """The money reaches the account twenty working days after the decision; or on the fifteenth."""
    case = scene.ordinary()
    yield from case.until("sign_decision", "deliver_letter")
    yield from case.until("deliver_letter")
    decided = scene.today
    case.does("deliver_letter")
    yield from _to_the_bank(scene, case)
    yield scene.at(scene.after(14 if near else 18 + turn, decided), time(10, 20))
    case.does("pay")
    yield scene.later(hours=2)
    case.does("confirm_credit", bank="credited")
    words = "审批后15个工作日内到账" if near else "审批后超过15个工作日才到账"
    scene.plants("RF-18", words, case, near=near)
    yield from case.until("end")


def _to_the_bank(scene: Scene, case: InHand) -> Script:
    """The order is given; nothing is paid yet."""
    yield from case.until("recheck_payment")
    yield scene.later(hours=1)
    case.does("recheck_payment")


def return_left_lying(scene: Scene, turn: int, near: bool) -> Script:
    """The bank sends the money back, and a week later nobody has sent it again; or on the fifth day."""
    case = scene.ordinary()
    yield from case.until("confirm_credit")
    case.does("confirm_credit", bank="returned", return_reason="number")
    yield scene.at(scene.after(4 if near else 8 + turn), time(9, 50))
    case.does("correct_account")
    yield scene.later(hours=1)
    case.does("recheck_account")
    yield scene.later(hours=1)
    case.does("pay")
    yield scene.later(hours=3)
    case.does("confirm_credit", bank="credited")
    words = "退票后5个工作日内重新拨付" if near else "退票后5个工作日没有重新拨付"
    scene.plants("RF-18", words, case, near=near)
    yield from case.until("end")


def paid_to_a_company(scene: Scene, turn: int, near: bool) -> Script:
    """The account belongs to a firm or the village, not to a person; or to the applicant."""
    home = scene.home() if near else scene.home(holder=COMPANY[turn % 3])
    case = scene.opens(home, [scene.bill(home)])
    yield from case.until("archive_case", "end")
    words = "收款人是申请人本人" if near else f"收款人是“{COMPANY[turn % 3]}”"
    scene.plants("RF-19", words, case, near=near, subjects=home.subjects)


def paid_to_staff(scene: Scene, turn: int, near: bool) -> Script:
    """The holder of the account is the village's own liaison; or a member of the household."""
    liaison = scene.post("VLIA").name
    names = (liaison[0] + "春香", liaison[0] + "玉兰")
    home = scene.home(names=names, holder=names[1] if near else liaison)
    case = scene.opens(home, [scene.bill(home)])
    yield from case.until("archive_case", "end")
    words = "收款人是家庭成员" if near else "收款人是经办的村联络员"
    scene.plants("RF-19", words, case, near=near, subjects=home.subjects)


def split_below_the_limit(scene: Scene, turn: int, near: bool) -> Script:
    """One household gets two grants within the month, each below the township's limit, together above it; or
    the second comes five weeks later.
    """
    home = scene.home(size=3)
    first = scene.temporary(home, requested="1900.00", persons="3")
    start = scene.today
    yield scene.at(scene.after(1))
    if near:
        yield from first.until("archive_case", "end")
        yield max(scene.later(hours=1), scene.at(start + timedelta(days=70)))
    second = scene.temporary(home, 1, requested=f"{1_850 + 20 * turn}.00", persons="3")
    yield from together(*(case.until("archive_case", "end") for case in (first, second)))
    words = "两次救助相隔超过30天" if near else f"同一户30天内两次救助，合计超过{LIMIT}元"
    scene.plants("RF-25", words, first, second, near=near, subjects=[home.subjects[0]])


def part_refused(scene: Scene, turn: int, near: bool) -> Script:
    """Of what the best order of departments gives, the bureau refuses its part; or grants it."""
    home = scene.home()
    case = scene.opens(home, [scene.bill(home)], flow=AUTOMATIC, by=SYSTEM, trigger_source="settled_claims")
    if not near:
        case.answers["decide_part"] = REFUSES
    yield from case.until("archive_case", "end")
    words = "最优方案全部批准" if near else "部门没有批准自己的部分，得到的少于最优方案"
    scene.plants("RF-34", words, case, near=near)


def rush_before_new_year(scene: Scene, turn: int, near: bool) -> Script:
    """Most of what a village is given in the year it is given in December; or one grant of five."""
    cases = []
    for _ in range(4 if near else 1):
        cases.append(_small(scene))
        yield scene.later(hours=2)
    yield from together(*(case.until("archive_case", "end") for case in cases))
    yield scene.at(scene.today.replace(month=11, day=19), time(9, 5 + turn))
    late = []
    for _ in range(1 if near else 3):
        late.append(_small(scene))
        yield scene.later(hours=1)
    yield from together(*(case.until("recheck_payment", "archive_case", "end") for case in late))
    words = "全年五笔救助中一笔在年底" if near else "全年四笔救助中三笔在年底最后20个工作日"
    subjects = [f"village:{scene.village}"]
    scene.plants("RF-36", words, *cases, *late, near=near, subjects=subjects)
    yield from together(*(case.until("archive_case", "end") for case in late))


def _small(scene: Scene) -> InHand:
    home = scene.home(size=1)
    return scene.opens(home, [scene.bill(home)], flow=FILING)
