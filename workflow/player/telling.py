"""The chronicle of a case as plain lines of text: for a terminal, without any page."""

from collections.abc import Iterator, Sequence

from bpmn import Text
from workflow.deadlines import SHANGHAI
from workflow.player.moment import MARKS, Moment, Who, chronicle
from workflow.player.record import Record
from workflow.player.values import Change, Shown

SIGNS = {"same": "✔", "none": "·", "differs": "✘", "unknown": "?"}


def lines_of(record: Record, language: str = "zh") -> Iterator[str]:
    """Every entry with who, when, verdict and what it changed; what is wrong with the whole comes first."""
    english = language == "en"
    for note in record.notes:
        yield f"! {note(language)}"
    for moment in chronicle(record):
        yield from _entry(moment, language, english)
    bad = [frame.number for frame in record.film.frames if not frame.verdict.sound]
    if bad:
        told = Text(f"第{bad[0]}条起与记录不同", f"differs from entry {bad[0]}")
    else:
        told = Text("按流程图重走，逐字节相同", "run again on its diagrams: identical byte for byte")
    yield f"{'✘' if bad else '✔'} {record.number}{': ' if english else '：'}{told(language)}"


def _entry(moment: Moment, language: str, english: bool) -> Iterator[str]:
    verdict = moment.frame.verdict
    yield f"{SIGNS[verdict.kind]} {moment.number}. {moment.head(language)}"
    if moment.claimed is not None and moment.recorded is not None:
        done, kept = (f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}" for at in (moment.claimed, moment.recorded))
        yield (
            f"    {who_said(moment.who, language)}; done {done}, recorded {kept}"
            if english
            else f"    {who_said(moment.who, language)}；办理{done}，入库{kept}"
        )
    yield f"    {verdict.what(language)}"
    if not moment.frame.linked:
        yield "    " + Text("没有接在上一条之后", "does not follow the entry before it")(language)
    marks: Sequence[str] = [MARKS[kind](language) for kind in MARKS if kind in moment.frame.marks]
    if marks:
        yield "    [" + "，".join(marks) + "]"
    for change in moment.changes:
        yield f"    {change_said(change, language)}"


def who_said(who: Who | None, language: str) -> str:
    """The account (by its number where there is no name), the role and the office."""
    if who is None:
        return "—"
    if not who.id:
        return Text("系统自动", "by itself")(language)
    name = who.name or Text(f"账号{who.id}", f"account {who.id}")(language)
    return " · ".join(part for part in (name, who.role(language), who.office) if part)


def change_said(change: Change, language: str) -> str:
    """`field: before → now`."""
    before = value_said(change.old.value, language) if change.old is not None else "—"
    return f"{change.label(language)}: {before} → {value_said(change.new, language)}"


def value_said(value: Shown, language: str) -> str:
    match value.state:
        case "clear" | "opened":
            return value.text(language)
        case "closed":
            return Text("〔未开封〕", "[closed]")(language)
        case "erased":
            by = value.erased_by
            return Text(f"〔已依法删除，第{by}条〕", f"[erased by law, entry {by}]")(language)
        case "wrong":
            return Text("〔与承诺值不符〕", "[not what was committed to]")(language)
        case _:
            return Text("〔缺失，无删除记录〕", "[gone without an erasure]")(language)
