"""评议、公示、调查走过场: decided without reading, papers used twice, signatures for show
(RF-09, RF-21, RF-22, RF-23).
"""

from datetime import time, timedelta

from workflow.commands import FileRelative
from workflow.deadlines import SHANGHAI
from workflow.demo.staff import REPRESENTATIVES
from workflow.simulation.abuses.scene import FILING, InHand, Scene
from workflow.simulation.abuses.scripts import Script, together

DOUBT = {"in_doubt": "yes", "doubts": "家庭收入和申请书不一致，需要入户核实"}
WITHDRAWN = {
    "voters_called": "21", "voters_present": "15", "voters_withdrawn": "1", "votes_yes": "12",
    "votes_no": "1", "votes_abstain": "1", "withdrawn_names": "一名代表，申请人的侄子", "signatures": "15",
}  # fmt: skip
SAME_WORDS = "该户家庭困难，住房简陋，劳动力少，看病花费大，情况属实，经调查符合医疗救助的条件。"


def decided_unread(scene: Scene, turn: int, near: bool) -> Script:
    """The approver opens the file and decides a minute later; or three minutes later."""
    case, approver = scene.ordinary(), scene.post("CAPR")
    yield from case.until("decide")
    yield scene.at(scene.after(1), time(9, 30 + turn))
    case.is_read(approver)
    seconds = 150 if near else 45 + turn * 20
    yield scene.later(seconds=seconds)
    case.does("decide", by=approver)
    scene.plants("RF-09", f"打开案卷{seconds}秒后审批", case, near=near, node="decide", seconds=seconds)
    yield from case.until("archive_case", "end")


def township_agrees(scene: Scene, turn: int, near: bool) -> Script:
    """A township says yes to every one of thirty proposals of its villages; or no to one of them."""
    cases = []
    for number in range(30):
        case = scene.ordinary(size=1)
        if near and number == 7:
            case.answers["give_opinion"] = {"opinion": "not_qualified", "opinion_reason": "R06"}
        cases.append(case)
        yield scene.later(minutes=scene.random.randint(30, 600))
    yield from together(*(case.until("archive_case", "end") for case in cases))
    words = "乡镇三十件中有一件不同意" if near else "乡镇对村里提出的三十件全部同意"
    subjects = [f"township:{scene.village[:9]}000"]
    scene.plants("RF-09", words, near=near, subjects=subjects, cases=[case.number for case in cases])


def photo_used_twice(scene: Scene, turn: int, near: bool) -> Script:
    """One photograph proves two postings; or each has its own, taken at the same board."""
    first = scene.ordinary()
    other = scene.ordinary() if turn % 2 else first  # its own second posting, or that of another case
    both: tuple[InHand, ...] = (first,)
    node = "post_audit_opinion"
    if other is not first:
        both, node = (first, other), "post_review_result"
    yield from together(*(case.until("post_review_result") for case in both))
    photo = scene.hands.papers.new("photo_start")
    first.does("post_review_result", papers={"photo_start": photo})
    yield scene.later(minutes=40)
    yield from other.until(node)
    again = scene.hands.papers.new("photo_start") if near else photo
    other.does(node, papers={"photo_start": again})
    words = "两次公示各有各的照片" if near else "同一张照片用于两次公示"
    scene.plants("RF-09", words, *both, near=near, photos=[photo.sha256, again.sha256])
    yield from together(*(case.until("archive_case", "end") for case in both))


def minutes_used_twice(scene: Scene, turn: int, near: bool) -> Script:
    """The minutes of one meeting serve for another a week later; or one meeting reviewed both households."""
    first, second = scene.ordinary(), scene.ordinary()
    yield from together(first.until("record_review"), second.until("record_review"))
    yield scene.at(scene.after(1), time(10))
    minutes = scene.hands.papers.new("meeting_minutes")
    met_on, place = scene.today.isoformat(), "村委会会议室"
    first.does("record_review", papers={"meeting_minutes": minutes}, meeting_date=met_on, place=place)
    yield scene.later(minutes=30) if near else scene.at(scene.after(4), time(10))
    on = met_on if near else scene.today.isoformat()
    second.does("record_review", papers={"meeting_minutes": minutes}, meeting_date=on, place=place)
    words = "同一次会议评议两户，同一份纪要" if near else "同一份会议纪要用于两次会议"
    scene.plants("RF-09", words, first, second, near=near, minutes=minutes.sha256, met_on=[met_on, on])
    yield from together(first.until("archive_case", "end"), second.until("archive_case", "end"))


def surveys_copied(scene: Scene, turn: int, near: bool) -> Script:
    """Three surveys in the same words; or two."""
    cases = [scene.ordinary() for _ in range(2 if near else 3)]
    words = f"{SAME_WORDS}调查组第{scene.number()}号。"
    record = scene.hands.papers.new("survey_record")
    for case in cases:
        case.answers["audit_file"] = DOUBT
    yield from together(*(case.until("survey_household") for case in cases))
    yield scene.at(scene.after(1), time(9, 10))
    for case in cases:
        yield scene.later(hours=2)
        case.does("survey_household", papers={"survey_record": record}, living=words, agrees="yes")
    yield from together(*(case.until("archive_case", "end") for case in cases))
    told = f"{len(cases)}份入户调查一字不差"
    scene.plants("RF-09", told, *cases, near=near, survey=record.sha256)


def twenty_decisions(scene: Scene, turn: int, near: bool) -> Script:
    """One person decides twenty-one files in a few minutes; or nineteen."""
    case_list: list[InHand] = []
    for _ in range(19 if near else 21):
        home = scene.home(size=1)
        case_list.append(scene.opens(home, [scene.bill(home)], flow=FILING))
        yield scene.later(minutes=9)
    yield from together(*(case.until("give_basic_opinion") for case in case_list))
    day = scene.after(1)
    yield scene.at(day, time(15))
    for case in case_list:
        case.does("give_basic_opinion")
        yield scene.later(seconds=24)
    login = scene.post("TREV").login
    words = f"一人在10分钟内提出{len(case_list)}份审核意见"
    scene.plants("RF-09", words, *case_list, near=near, subjects=[f"account:{login}"])
    yield from together(*(case.until("archive_case", "end") for case in case_list))


def taken_down_early(scene: Scene, turn: int, near: bool) -> Script:
    """The record itself says that the list came down after three days; or after the seven."""
    case = scene.ordinary()
    yield from case.until("confirm_posting_village")
    posting = next(row for row in case.postings() if row.number == 1)
    posted = posting.posted_at.astimezone(SHANGHAI).date()
    down = posted + timedelta(days=8 if near else 3 + turn)
    down = min(down, scene.today)
    case.does("confirm_posting_village", stayed="yes", taken_down_on=down.isoformat())
    words = "公示贴满7天后取下" if near else f"公示只贴了{(down - posted).days}天"
    scene.plants("RF-21", words, case, near=near, posted_on=str(posted), taken_down_on=str(down))
    yield from case.until("archive_case", "end")


def relative_voted(scene: Scene, turn: int, near: bool) -> Script:
    """The chair's relative is reviewed, nobody withdraws, and the tie is filed when the posting is over; or
    the relative withdraws from the vote.
    """
    head = scene.post("VHEAD")
    case = scene.ordinary()
    yield from case.until("record_review")
    if near:
        case.answers["record_review"] = {**WITHDRAWN, "signers": "、".join(REPRESENTATIVES[:15])}
        case.does("record_review")
    else:
        case.does("record_review", chair=head.name)
        yield from case.until("audit_file")
        person = case.home.head
        command = FileRelative(head.account_id, person.name, person.id_number, "sibling")
        scene.hands.give(head.actor, command)
    words = "近亲属代表回避，没有投票" if near else "主持评议的村主任是申请人近亲属，没有回避"
    scene.plants("RF-22", words, case, near=near, account=head.login)
    yield from case.until("archive_case", "end")


def surveyed_alone(scene: Scene, turn: int, near: bool) -> Script:
    """The second investigator on the form is the first one again; or a colleague."""
    case = scene.ordinary()
    case.answers["audit_file"] = DOUBT
    yield from case.until("survey_household")
    me, colleague = scene.posts("TINV")[0], scene.posts("TINV")[1]
    yield scene.at(scene.after(1), time(15, 20))
    beside = colleague.name if near else me.name
    case.does("survey_household", by=me, second_investigator=beside, agrees="yes")
    words = "两人入户调查" if near else "入户调查的两个调查人是同一个人"
    scene.plants("RF-23", words, case, near=near, investigator=me.login)
    yield from case.until("archive_case", "end")
