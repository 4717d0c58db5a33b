"""Sample papers: a picture for each kind, plainly marked as a sample, kept like any other upload."""

import io
import zlib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from workflow.commands import NewPaper
from workflow.house import House

FONT = Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc")
LIMIT = 10 << 20
SIZE, SMALL = (900, 1270), (90, 127)
_END = 12  # bytes of the last chunk of a PNG


def demonstration_papers(house: House) -> dict[str, NewPaper]:
    """A paper of every kind the rule book knows, already in the paper store."""
    papers = {}
    for kind, row in house.rules().rulebook.papers.items():
        picture = _picture(row.name.zh, row.name.en)
        kept = house.files.keep(io.BytesIO(picture), limit=LIMIT)
        papers[kind] = NewPaper(kind, kept.sha256, f"{row.name.zh}（样张）.png", "image/png", kept.size)
    return papers


@dataclass
class Papers:
    """Papers as people scan and photograph them: no two files are the same, since no two sheets are.

    `small`: pictures of a few hundred bytes, for a county that is simulated and never looked at.
    """

    house: House
    small: bool = False
    made: int = 0
    _pictures: dict[str, bytes] = field(default_factory=dict)

    def new(self, kind: str) -> NewPaper:
        """One more paper of a kind, in the store."""
        self.made += 1
        return self.copy(kind, f"{kind} {self.made}")

    def copy(self, kind: str, mark: str) -> NewPaper:
        """The paper with this mark: the same mark of the same kind is the same file once more."""
        row = self.house.rules().rulebook.papers[kind]
        if kind not in self._pictures:
            self._pictures[kind] = b"" if self.small else _picture(row.name.zh, row.name.en)
        plain = self._pictures[kind] or _blank()
        content = plain[:-_END] + _note(mark) + plain[-_END:]
        kept = self.house.files.keep(io.BytesIO(content), limit=LIMIT)
        return NewPaper(kind, kept.sha256, f"{row.name.zh}（样张）.png", "image/png", kept.size)


def _note(mark: str) -> bytes:
    """A PNG chunk that shows nothing and says which sheet it is."""
    body = b"tEXtComment\0" + mark.encode("ascii")
    return (len(body) - 4).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")


@cache
def _blank() -> bytes:
    out = io.BytesIO()
    Image.new("1", SMALL, 1).save(out, "PNG")
    return out.getvalue()


@cache
def _picture(title: str, english: str) -> bytes:
    sheet = Image.new("L", SIZE, 252)
    draw = ImageDraw.Draw(sheet)
    has_font = FONT.exists()
    large = ImageFont.truetype(str(FONT), 56) if has_font else ImageFont.load_default(56)
    small = ImageFont.truetype(str(FONT), 30) if has_font else ImageFont.load_default(30)
    draw.rectangle((40, 40, 860, 1230), outline=120, width=3)
    draw.text((450, 160), title if has_font else english, font=large, fill=20, anchor="mm")
    draw.text((450, 240), english, font=small, fill=90, anchor="mm")
    for line in range(14):
        draw.line((110, 360 + line * 52, 790 - (line * 83) % 260, 360 + line * 52), fill=190, width=12)
    sample = "演示样张，不是真实材料" if has_font else "SAMPLE"
    draw.text((450, 1150), sample, font=small, fill=90, anchor="mm")
    out = io.BytesIO()
    sheet.save(out, "PNG", optimize=True)
    return out.getvalue()
