"""Who works in the demonstration county: accounts, seats, representatives, and who can sign in."""

from dataclasses import dataclass
from datetime import date, datetime
from random import Random

from sqlalchemy import Connection, insert, select

from workflow.actor import Actor
from workflow.demo.people import invent_name
from workflow.register.accounts import hash_password
from workflow.store.models import Account, Organisation, Representative, Seat

SINCE = date(2025, 1, 1)
COUNTY_ROLES = {
    "msb": ("CHND", "CCHK", "CAPR", "SUP", "REVW", "ARCH", "PUB", "ADM", "DEPT"),
    "finance": ("FIN1", "FIN2", "SUP"),
    "civil_affairs": ("CAFF", "DEPT"),
    "inspection": ("INSP",),
    "hospital": ("HOSP",),
    "disabled": ("DEPT",),
    "veterans": ("DEPT",),
    "organisation": ("DEPT",),
    "revitalisation": ("DEPT",),
    "trade_union": ("DEPT",),
}
SHARED_ROLES = frozenset({"SUP", "DEPT"})  # at several offices: the login names the office
TOWNSHIP_ROLES = ("TWIN", "TREV", "TINV", "TINV", "TLEAD", "SUP")
VILLAGE_ROLES = ("VLIA", "VHEAD")
REPRESENTATIVES = (
    "刘德胜", "王桂英", "李长根", "彭秀莲", "周水生", "欧阳林", "曾庆元",
    "罗建英", "肖国平", "邓小华", "郭玉兰", "贺金生", "谢春香", "颜福民",
    "陈志华", "吴美凤", "张文辉", "黄冬莲", "胡海泉", "易美云", "钟大成",
)  # fmt: skip
SECOND_ADMINISTRATOR = "adm2"
"""Confirms what the first proposes (SD-8). Invented apart, so that everybody else stays who they are."""
PASSWORD = "mingjian-demo"  # noqa: S105 — printed on purpose: demonstration data only


@dataclass(frozen=True, slots=True)
class Post:
    """One person on one seat: login, who, where, as what. A substitute `stands_for` a seat, its holder's
    account is `on_behalf`.
    """

    login: str
    name: str
    role: str
    org: str
    org_name: str
    account_id: int
    seat_id: int
    stands_for: int | None = None
    on_behalf: int | None = None

    @property
    def actor(self) -> Actor:
        return Actor(
            self.account_id, self.seat_id, self.role, self.org, self.name, self.stands_for, self.on_behalf
        )


def place_staff(
    conn: Connection, random: Random, at: datetime, townships: list[str], villages: list[str], county: str
) -> list[Post]:
    """Give every office and the chosen units their people. All share one printed password."""
    names = {row.code: row.name for row in conn.execute(select(Organisation.code, Organisation.name))}
    wanted: list[tuple[str, str, str]] = []
    for kind, roles in COUNTY_ROLES.items():
        code = f"{county[:6]}-{kind}"
        wanted += [
            (f"{role.lower()}-{kind}" if role in SHARED_ROLES else role.lower(), role, code) for role in roles
        ]
    wanted.append(("sup-county", "SUP", county))  # the county's leader in charge
    for number, township in enumerate(townships, start=1):
        wanted += [
            (f"{role.lower()}{number}{'' if role not in TOWNSHIP_ROLES[:place] else 'b'}", role, township)
            for place, role in enumerate(TOWNSHIP_ROLES)
        ]
    for number, village in enumerate(villages, start=1):
        wanted += [(f"{role.lower()}{number}", role, village) for role in VILLAGE_ROLES]
    wanted.append((SECOND_ADMINISTRATOR, "ADM", f"{county[:6]}-msb"))
    password = hash_password(PASSWORD)
    posts = []
    for login, role, org in wanted:
        own = Random(login) if login == SECOND_ADMINISTRATOR else random  # noqa: S311 — demonstration data
        name = invent_name(own, own.choice(("male", "female")))
        account_id = conn.scalar(
            insert(Account).returning(Account.id),
            {
                "login": login,
                "name": name,
                "phone": None,
                "password": password,
                "active": True,
                "epoch": 1,
                "language": "zh",
                "elder": False,
                "demonstration": True,
                "created_at": at,
            },
        )
        seat_id = conn.scalar(
            insert(Seat).returning(Seat.id),
            {"account_id": account_id, "org": org, "role": role, "valid_from": SINCE},
        )
        posts.append(Post(login, name, role, org, names[org], int(account_id or 0), int(seat_id or 0)))
    conn.execute(
        insert(Representative),
        [
            {"village": village, "name": name, "valid_from": SINCE}
            for village in villages
            for name in REPRESENTATIVES
        ],
    )
    return posts
