"""Sample papers: one picture per kind, plainly marked as a sample, kept like any other upload."""

import io
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from workflow.commands import NewPaper
from workflow.house import House

FONT = Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc")
LIMIT = 10 << 20


def demonstration_papers(house: House) -> dict[str, NewPaper]:
    """A paper of every kind the rule book knows, already in the paper store."""
    papers = {}
    for kind, row in house.rules().rulebook.papers.items():
        picture = _picture(row.name.zh, row.name.en)
        kept = house.files.keep(io.BytesIO(picture), limit=LIMIT)
        papers[kind] = NewPaper(kind, kept.sha256, f"{row.name.zh}（样张）.png", "image/png", kept.size)
    return papers


def _picture(title: str, english: str) -> bytes:
    sheet = Image.new("L", (900, 1270), 252)
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
