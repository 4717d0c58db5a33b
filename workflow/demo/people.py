"""Invented people of a real county: names, households, bills. Marked as demonstration data."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from workflow.register.identity import invent_id_number

SURNAMES = (
    "刘王李张陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
    "苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史"
    "顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文"
)
COMPOUND = ("欧阳", "司马", "上官", "诸葛")
GIVEN_MALE = "伟强磊军勇杰涛超明辉平刚华国志建文斌清林生根水福全庆海山东启"
GIVEN_FEMALE = "芳娟敏静丽艳秀霞燕玲桂英兰凤珍莲梅香云花红春秋月娥琴萍慧金"
HOSPITALS = (
    "安福县人民医院",
    "安福县中医院",
    "吉安市中心人民医院",
    "吉安市第三人民医院",
    "安福县平都镇中心卫生院",
)
GROUPS = ("第一组", "第二组", "第三组", "第四组", "第五组", "第六组", "第七组", "第八组")
RELATIONS = ("spouse", "child", "parent", "grandchild")


def invent_name(random: Random, sex: str) -> str:
    """A name of two or three characters, now and then a compound surname or one given character."""
    surname = random.choice(COMPOUND) if random.random() < 0.02 else random.choice(SURNAMES)
    pool = GIVEN_MALE if sex == "male" else GIVEN_FEMALE
    return surname + "".join(random.choice(pool) for _ in range(1 if random.random() < 0.2 else 2))


@dataclass(frozen=True, slots=True)
class Invented:
    """A person before being registered."""

    name: str
    id_number: str
    relation: str


def household(random: Random, size: int, taken: set[str] | None = None) -> list[Invented]:
    """A head of 30 to 78 and members that fit; identity numbers are valid and belong to nobody known.

    `taken`: numbers given before, none of which is given again.
    """
    taken = set() if taken is None else taken
    surname_of_head = None
    people = []
    for place in range(size):
        relation = "self" if place == 0 else RELATIONS[(place - 1) % len(RELATIONS)]
        age = {
            "self": random.randint(30, 78),
            "spouse": random.randint(28, 75),
            "parent": random.randint(62, 90),
        }.get(relation, random.randint(6, 30))
        sex = random.choice(("male", "female"))
        name = invent_name(random, sex)
        if relation in {"child", "grandchild"} and surname_of_head:
            name = surname_of_head + name[1:]
        surname_of_head = surname_of_head or name[:1]
        birth = date(2026, 1, 1) - timedelta(days=age * 365 + random.randint(0, 364))
        number = invent_id_number(random, birth=birth, sex=sex)  # type: ignore[arg-type]
        while number in taken:
            number = invent_id_number(random, birth=birth, sex=sex)  # type: ignore[arg-type]
        taken.add(number)
        people.append(Invented(name, number, relation))
    return people


@dataclass(frozen=True, slots=True)
class InventedBill:
    """The parts of one hospital bill in yuan; O + B + S + M + R ≤ T."""

    hospital: str
    invoice_number: str
    kind: str
    admitted_on: date
    discharged_on: date
    settled_on: date
    total: Decimal
    out_of_catalogue: Decimal
    basic: Decimal
    serious_illness: Decimal
    commercial: Decimal
    other_relief: Decimal
    serious_illness_settled: bool


def share(amount: Decimal, random: Random, low: float, high: float) -> Decimal:
    return (amount * Decimal(str(round(random.uniform(low, high), 4)))).quantize(Decimal("0.01"))


def bill(
    random: Random, before: date, number: int, *, small: bool = False, unsettled: bool = False
) -> InventedBill:
    """A bill settled some days before `before`, small or heavy."""
    settled = before - timedelta(days=random.randint(3, 30))
    discharged = settled - timedelta(days=random.randint(0, 6))
    admitted = discharged - timedelta(days=random.randint(4, 30))
    total = Decimal(
        random.randint(300_000, 900_000) if small else random.randint(1_800_000, 14_000_000)
    ).scaleb(-2)
    outside = share(total, random, 0.03, 0.12)
    basic = share(total - outside, random, 0.45, 0.6)
    serious = Decimal("0.00") if small or unsettled else share(total - outside - basic, random, 0.05, 0.25)
    relief = (
        share(total - outside - basic - serious, random, 0.02, 0.05)
        if random.random() < 0.2
        else Decimal("0.00")
    )
    return InventedBill(
        hospital=random.choice(HOSPITALS),
        invoice_number=f"3608{number:010d}",
        kind="inpatient" if random.random() < 0.85 else "outpatient_chronic",
        admitted_on=admitted,
        discharged_on=discharged,
        settled_on=settled,
        total=total,
        out_of_catalogue=outside,
        basic=basic,
        serious_illness=serious,
        commercial=Decimal("0.00"),
        other_relief=relief,
        serious_illness_settled=not unsettled,
    )
