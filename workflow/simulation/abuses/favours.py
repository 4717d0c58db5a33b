"""人情救助、优亲厚友、压力之下: aid to one's own, to those who press, and on a leader's note
(RF-07, RF-08, RF-10, RF-11, RF-29).
"""

from datetime import time

from workflow.commands import AttachPaper, FileRelative
from workflow.demo.staff import Post
from workflow.demo.stories import REFUSE
from workflow.simulation.abuses.moving_in import Home
from workflow.simulation.abuses.scene import Leading, Scene
from workflow.simulation.abuses.scripts import Script, together

RELATIONS = ("sibling", "uncle_aunt", "child")
REFUSED = {**REFUSE, "refusal_reason": "R06"}


def file(scene: Scene, post: Post, home: Home, relation: str) -> None:
    """Somebody on duty files the head of a household as a relative."""
    head = home.head
    command = FileRelative(post.account_id, head.name, head.id_number, relation)
    scene.hands.give(post.actor, command)


def filed_too_late(scene: Scene, turn: int, near: bool) -> Script:
    """The reviewer's own relative is approved, and the tie is filed when that is done; or somebody who has
    no part in it files before the application.
    """
    home, relation = scene.home(), RELATIONS[turn % 3]
    bill = scene.bill(home)
    post = scene.post("SUP") if near else scene.post("TREV")
    if near:
        file(scene, post, home, relation)
        yield scene.at(scene.after(1))
        case = scene.opens(home, [bill])
        yield from case.until("archive_case", "end")
        words = "申请前已备案近亲属，县里核查过，本人没有参与"
        scene.plants("RF-07", words, case, near=True, account=post.login)
        return
    case = scene.opens(home, [bill])
    yield from case.until("deliver_letter")
    yield scene.at(scene.after(2))
    file(scene, post, home, relation)
    words = "审核人员办了本案，审批以后才备案近亲属"
    scene.plants("RF-07", words, case, account=post.login, relation=relation)
    yield from case.until("end")


def chair_next_door(scene: Scene, turn: int, near: bool) -> Script:
    """The chair of the review lives in the applicant's household; or only bears the same surname."""
    chair = scene.post("VHEAD").name
    applicant = chair[0] + ("福根", "水生", "桂英")[turn % 3]
    home = scene.home(names=(applicant,) if near else (applicant, chair), group="第一组")
    case = scene.opens(home, [scene.bill(home)])
    yield from case.until("post_review_result")
    words = "评议主持人与申请人同姓，不同户" if near else "评议主持人与申请人同户、同姓、同组"
    scene.plants("RF-08", words, case, near=near, subjects=home.subjects)
    yield from case.until("archive_case", "end")


def kin_of_cadres(scene: Scene, turn: int, near: bool) -> Script:
    """In a village almost only relatives of its cadres are helped; or not twice as many as there are.

    The ties are filed, and each case is in order: only the whole shows it.
    """
    cadre = scene.colleague("VHEAD")
    own = [scene.home(size=1) for _ in range(2 if near else 4)]
    others = [scene.home(size=1) for _ in range(8 if near else 16)]
    for home in own:
        file(scene, cadre, home, "uncle_aunt")
        yield scene.later(minutes=20)
    cases = []
    for home in [*own, *others[: 4 if near else 1]]:
        cases.append(scene.opens(home, [scene.bill(home)]))
        yield scene.later(minutes=40)
    yield from together(*(case.until("archive_case", "end") for case in cases))
    words = "受助户中亲属占比不到全村占比的两倍" if near else "受助户多为村干部亲属，超过全村占比的两倍"
    scene.plants("RF-08", words, *cases, near=near, subjects=[f"village:{scene.village}"])


def pressed_into_approval(scene: Scene, turn: int, near: bool) -> Script:
    """Refused, set aside by a review; then a petition comes again and again, and the next day it is approved;
    or more than two weeks after the petition.
    """
    case, again = yield from _set_aside(scene)
    yield from again.until("decide")
    pressing = scene.opens(case.home, [], flow="appeal", about=case, remedy="petition")
    pressing.answers["answer_petition"] = {"petition_pressure": "repeated"}
    yield scene.later(hours=2)
    pressing.does("answer_petition")
    yield scene.at(scene.after(12 if near else 1 + turn), time(10, 40))
    again.does("decide", decision="approve")
    words = "信访超过10个工作日以后改变决定" if near else "原决定不予救助，反复信访后10个工作日内改为准予"
    scene.plants("RF-10", words, again, case, near=near)
    yield from again.until("archive_case", "end")


def approved_without_new_evidence(scene: Scene, turn: int, near: bool) -> Script:
    """A refusal is turned into an approval on the same papers; or after a new certificate."""
    case, again = yield from _set_aside(scene)
    if near:
        paper = scene.hands.papers.new("medical_history")
        scene.hands.give(scene.post("TWIN").actor, AttachPaper(again.id, paper))
        yield scene.later(hours=2)
    yield from again.until("decide")
    again.does("decide", decision="approve")
    words = "补充新材料后改变决定" if near else "没有新材料，原不予救助改为准予"
    scene.plants("RF-29", words, again, case, near=near)
    yield from again.until("archive_case", "end")


def _set_aside(scene: Scene) -> Leading:
    """A refused case, and the one in which it is decided anew."""
    case = scene.ordinary()
    case.answers["give_opinion"] = {"opinion": "not_qualified", "opinion_reason": "R06"}
    case.answers["decide"] = REFUSED
    yield from case.until("archive_case", "end")
    yield scene.at(scene.after(2))
    review = scene.opens(case.home, [], flow="appeal", about=case, remedy="review")
    review.answers["accept_appeal"] = {"appeal_acceptance": "accept", "rest_case": "no"}
    review.answers["review_case"] = {"review_result": "redo"}
    yield from review.until("end")
    return case, case.linked("reopening")


def on_a_leaders_note(scene: Scene, turn: int, near: bool) -> Script:
    """Temporary aid with a leader's note on the paper; or without one."""
    case = scene.temporary()
    case.answers["give_temporary_opinion"] = {"opinion": "qualified", "leader_note": "no" if near else "yes"}
    yield from case.until("archive_case", "end")
    words = "没有领导批示的临时救助" if near else "凭领导批示给予临时救助并拨付"
    scene.plants("RF-11", words, case, near=near)


def whole_village_refused(scene: Scene, turn: int, near: bool) -> Script:
    """Whoever comes from this village is refused; or one of five, as elsewhere."""
    cases = []
    for number in range(5):
        case = scene.ordinary(size=1)
        if number == 0 or not near:
            case.answers["decide"] = REFUSED
        cases.append(case)
        yield scene.later(hours=1)
    yield from together(*(case.until("archive_case", "end") for case in cases))
    words = "全村五件中一件不予救助" if near else "一个村的申请全部不予救助"
    scene.plants("RF-29", words, *cases, near=near, subjects=[f"village:{scene.village}"])
