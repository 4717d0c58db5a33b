"""绿色通道被滥用: advances whose papers never come (RF-28)."""

from datetime import time, timedelta

from workflow.deadlines import SHANGHAI
from workflow.simulation.abuses.scene import Scene
from workflow.simulation.abuses.scripts import Script, together

GREEN = "ma_green_channel"


def hospital_of_advances(scene: Scene, turn: int, near: bool) -> Script:
    """Of twenty cases of a hospital four are advances; or three, which is as many as may be."""
    hospital = f"安福县第{'二三四五'[turn % 4]}人民医院"
    advances = 3 if near else 4
    led: list[Script] = []
    numbers: list[str] = []
    for number in range(20):
        home = scene.home(size=1)
        if number < advances:
            asker = scene.post("HOSP", "hospital").actor
            case = scene.opens(home, [], flow=GREEN, by=asker, hospital=hospital)
            led.append(case.until("report_discharge", "note_discharge"))
        else:
            case = scene.opens(home, [scene.bill(home, hospital=hospital)])
            led.append(case.until("archive_case", "end"))
        numbers.append(case.number)
        yield scene.later(minutes=scene.random.randint(60, 900))
    yield from together(*led)
    words = f"一家医院二十件中先行救助{advances}件"
    scene.plants("RF-28", words, near=near, subjects=[f"hospital:{hospital}"], cases=numbers)


def papers_never_came(scene: Scene, turn: int, near: bool) -> Script:
    """Money was advanced on a diagnosis, and the papers did not come until the limit ran out; or on its last
    day.
    """
    home = scene.home()
    hospital = scene.post("HOSP", "hospital")
    case = scene.opens(home, [], flow=GREEN, by=hospital.actor)
    yield from case.until("report_discharge", "note_discharge")
    node = case.open()[0].node
    yield scene.at(scene.after(3))
    case.does(node, discharged_on=scene.today.isoformat(), left_how="home")
    yield from case.until("receive_full_papers", "receive_papers_county")
    papers = case.open()[0]
    due = papers.due_at.astimezone(SHANGHAI).date()
    if near:
        scene.bill(home, discharged=scene.today, settled=scene.today)
        yield scene.at(due - timedelta(days=1), time(16, 30))
        case.does(papers.node)
        scene.plants("RF-28", "期限最后一天补齐材料", case, near=True)
        yield from case.until("archive_case", "end")
        return
    yield scene.at(scene.after(4 + turn, due))
    scene.plants("RF-28", "先行救助后期限已过，材料没有补齐", case)
