"""What the log says of a proposal, and what the console says of an update that waits."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from workflow.releasing.merging import changed

if TYPE_CHECKING:
    from workflow.house import House

MOST_PATHS = 120  # an entry of the log holds 16 kB


def proposed_facts(
    number: int, digest: str, base: Mapping[str, str], manifest: Mapping[str, str], on: str, origin: str
) -> dict[str, object]:
    """The changed files, the first ones by name. `on`: digest of the version it was made from."""
    paths = changed(base, manifest)
    return {
        "proposal": number, "digest": digest, "base": on, "origin": origin,
        "changed": paths[:MOST_PATHS], "files": len(paths),
    }  # fmt: skip


def console_words(house: "House") -> Iterator[str]:
    """For whoever starts the program: why the rules that came with it do not hold, line by line."""
    for fault in house.refused:
        yield f"✘ {fault.file} · {fault.element}: {fault.reason.zh} · {fault.reason.en}"
    if house.refused:
        yield "仍按原来的规则办。The rules were not changed; the old ones hold."
    if house.waiting is not None:
        number = house.waiting
        yield f"▲ 程序带来了新的规则（第{number}号提案），要由一人认领、另一人放行；现在仍按原来的规则办。"
        yield f"  The program brings changed rules (proposal {number}): one person adopts them, another one"
        yield "  releases them; until then the old rules hold. See `mingjian rules status`."
