"""重复、多头、超范围的费用: bills used twice, stays in two places, money from several sources, goods that are
no treatment, hospitals that split and stretch (RF-12, RF-13, RF-14, RF-20, RF-30).
"""

from datetime import timedelta
from decimal import Decimal

from workflow.simulation.abuses.scene import Scene
from workflow.simulation.abuses.scripts import Script, together

OTHER_HOSPITAL = "吉安市中心人民医院"
STRANGE = ("安福康泰医疗美容诊所", "城东健康养生馆", "外省某民营康复中心")
NOT_MEDICAL = (
    "家里困难，这次申请主要是想报销住院期间买生活用品和请人陪护的陪护费，花了不少钱，希望能够给予救助。",
    "孩子来回照顾病人花了很多交通费和住宿费，医院附近吃饭也贵，这些费用希望医疗救助一并报销解决。",
    "住院期间买了轮椅坐垫、被褥等生活用品，还有护工的陪护费，都开了收据，请一起给予医疗救助报销。",
)
MEDICAL = "今年住院做了手术，医保报销以后自己负担的医药费还有很多，家里生活困难，希望给予医疗救助。"


def invoice_twice(scene: Scene, turn: int, near: bool) -> Script:
    """The same invoice of the same hospital comes twice, settled on another day; or a number of its own."""
    home, invoice = scene.home(), f"3608{9_500_000_000 + scene.number()}"
    day = timedelta(days=1)
    settled = scene.today - timedelta(days=9 + turn)
    first, second = scene.bills(
        home, 0,
        {"invoice": invoice, "settled": settled},
        {"invoice": f"3608{9_600_000_000 + scene.number()}" if near else invoice, "settled": settled + day,
         "admitted": settled - 3 * day, "discharged": settled},
    )  # fmt: skip
    one = scene.opens(home, [first])
    yield scene.at(scene.after(3))
    other = scene.opens(home, [second])
    words = "同一人两张不同的发票" if near else "同一张发票换个结算日期报两次"
    scene.plants("RF-12", words, one, other, near=near, subjects=home.subjects, invoice=invoice)
    yield from together(one.until("archive_case", "end"), other.until("archive_case", "end"))


def two_beds(scene: Scene, turn: int, near: bool) -> Script:
    """One person lies in two hospitals at the same time; or is moved from one to the other in a day."""
    home, today = scene.home(), scene.today
    moved = today - timedelta(days=22)
    first, second = scene.bills(
        home, 0,
        {"admitted": today - timedelta(days=34), "discharged": moved},
        {"hospital": OTHER_HOSPITAL, "admitted": moved - timedelta(days=0 if near else 3 + turn),
         "discharged": today - timedelta(days=12)},
    )  # fmt: skip
    case = scene.opens(home, [first, second])
    words = "当天转院，出院日等于入院日" if near else "同一人在两家医院的住院日期重叠"
    scene.plants("RF-12", words, case, near=near, subjects=home.subjects, bills=[first, second])
    yield from case.until("archive_case", "end")


def more_than_the_bill(scene: Scene, turn: int, near: bool) -> Script:
    """Insurance, others and aid together come to more than the bill; or exactly to it."""
    home = scene.home()
    aid = Decimal(8_000) if near else Decimal(8_000) + (turn + 1) * 150
    bill = scene.bill(home, outside=0, basic=21_000, serious=1_000, aid=aid)
    yield scene.later(minutes=5)
    words = "各方支付合计等于总费用" if near else "医保、大病和救助合计超过总费用"
    scene.plants("RF-13", words, subjects=home.subjects, near=near, bill=bill, aid=str(aid))


def not_medical(scene: Scene, turn: int, near: bool) -> Script:
    """The application says itself that the money is for daily goods, travel and nursing; or for treatment."""
    home = scene.home()
    reason = MEDICAL if near else NOT_MEDICAL[turn % 3]
    case = scene.opens(home, [scene.bill(home)], main_reason=reason)
    yield from case.until("archive_case", "end")
    words = "申请理由是医药费" if near else "申请理由写明是生活用品、交通费、陪护费，仍予救助"
    scene.plants("RF-14", words, case, near=near)


def hospital_unknown(scene: Scene, turn: int, near: bool) -> Script:
    """The bill is from a place that is no hospital of the programme; or from the county's hospital."""
    home = scene.home()
    hospital = OTHER_HOSPITAL if near else STRANGE[turn % 3]
    case = scene.opens(home, [scene.bill(home, hospital=hospital)])
    yield from case.until("archive_case", "end")
    words = "定点医院的费用" if near else "不在名单上的机构的费用得到救助"
    scene.plants("RF-20", words, case, near=near, subjects=[f"hospital:{hospital}", *home.subjects])


def a_week_of_bills(scene: Scene, turn: int, near: bool) -> Script:
    """Four stays of one household end in one week; or three."""
    home, today = scene.home(size=4), scene.today
    many = 3 if near else 4
    bills = []
    for member in range(many):
        ended = today - timedelta(days=13 + member)
        begun = ended - timedelta(days=13)
        bills.append(scene.bill(home, member, admitted=begun, discharged=ended, settled=ended))
    case = scene.opens(home, bills[:1])
    words = f"一户一周内{many}次住院报销"
    scene.plants("RF-20", words, case, near=near, subjects=home.subjects, bills=bills)
    yield from case.until("archive_case", "end")


def out_of_catalogue(scene: Scene, turn: int, near: bool) -> Script:
    """Almost everything on the bill lies outside the catalogue; or as little as elsewhere."""
    home = scene.home()
    outside = 2_400 if near else 22_000 + turn * 800
    basic, serious = (17_000, 1_000) if near else (1_500, 0)
    case = scene.opens(home, [scene.bill(home, outside=outside, basic=basic, serious=serious)])
    words = f"三万元费用中目录外{outside}元"
    scene.plants("RF-30", words, case, near=near, subjects=home.subjects, outside=outside)
    yield from case.until("archive_case", "end")


def stay_split(scene: Scene, turn: int, near: bool) -> Script:
    """Discharged and admitted again the next day in the same hospital; or three days later."""
    home, today = scene.home(), scene.today
    out = today - timedelta(days=24)
    first, second = scene.bills(
        home, 0,
        {"admitted": out - timedelta(days=9), "discharged": out},
        {"admitted": out + timedelta(days=3 if near else turn % 2), "discharged": today - timedelta(days=12)},
    )  # fmt: skip
    case = scene.opens(home, [first, second])
    words = "出院三天后再入院" if near else "出院当天或次日在同一医院再入院"
    scene.plants("RF-30", words, case, near=near, subjects=home.subjects, bills=[first, second])
    yield from case.until("archive_case", "end")


def no_night(scene: Scene, turn: int, near: bool) -> Script:
    """An inpatient stay of no day; or of one night."""
    home, today = scene.home(), scene.today
    day = today - timedelta(days=15 + turn)
    bill = scene.bill(home, admitted=day - timedelta(days=1 if near else 0), discharged=day)
    case = scene.opens(home, [bill])
    words = "住院一夜" if near else "当天入院当天出院，按住院报销"
    scene.plants("RF-30", words, case, near=near, subjects=home.subjects, bill=bill)
    yield from case.until("archive_case", "end")
