"""What the exploration says is wrong, in both languages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bpmn.text import Text
from workflow.engine.soundness.deeds import Deed
from workflow.engine.soundness.values import Value

TWICE = Text(
    "这里会同时有两份：分开的路没有在前面汇合，这一步会打开两次",
    "two tokens meet here: ways that were parted were not joined before, the step would be open twice",
)
NO_WAY = Text("有的情形没有一条出线走得通", "in some case no flow leads on")
NO_END = Text("从这里走不到结束", "no end can be reached from here")
UNREACHED = Text("从开始走不到这里", "it cannot be reached from the start")
NEVER = Text(
    "没有一种情形会走到这里：前面的条件不可能成立",
    "it cannot be reached: the conditions before it are never met",
)


def left_open(names: Sequence[str]) -> Text:
    told = "、".join(names)
    return Text(f"到这个结束时“{told}”还没有办完", f"{told} is still open when this end is reached")


def waits_in_vain(names: Sequence[str]) -> Text:
    told = "、".join(names)
    return Text(
        f"汇合等不到“{told}”那一路，案件会卡在这里", f"the join waits in vain for the way from {told}"
    )


def uncaught(code: str) -> Text:
    return Text(f"错误“{code}”没有人接", f"nobody catches the error {code!r}")


def torn(name: str) -> Text:
    return Text(
        f"汇合后“{name}”的值要看哪一支后到：每支带着自己的数据，先到的一支所改的会丢失",
        f"after this join {name} depends on which branch comes last: what the other has set is lost",
    )


def repeated_again(deed: Deed, data: Mapping[str, Value]) -> Text | None:
    """Why a repeated step cannot be entered with this data; None if it can."""
    trace = deed.gathered or deed.item
    if data.get(f"@{trace}") is not True:
        return None
    if deed.gathered:
        return Text(
            f"再次到这里时“{trace}”不是空的，引擎会停下；请先用脚本清空",
            f"reached again, {trace} is not empty and the engine stops: empty it by a script before",
        )
    return Text(
        f"到这里时“{trace}”已有值，引擎会停下；请把各份结果收进一个列表",
        f"{trace} is already set when this is reached and the engine stops: gather the results in a list",
    )


def too_many(most: int) -> Text:
    return Text(
        f"超过{most}个局面，没有探索完：并行的步骤太多，请放进被调用的流程",
        f"more than {most} markings, not explored to the end: put parallel parts into called processes",
    )
