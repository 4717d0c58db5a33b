"""Papers that come in: what they really are, by their bytes, never by their names.

An image must decode completely and stay under a number of pixels (a small file can unfold into
gigabytes); a PDF must have head, end and cross-reference where they belong and must not be locked
or carry programs.
"""

import json
import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import PurePath

from cryptography.fernet import InvalidToken
from PIL import Image, UnidentifiedImageError
from werkzeug.datastructures import FileStorage, MultiDict

from bpmn.text import Text
from web.security import sealer
from workflow.commands import NewPaper
from workflow.errors import FieldFault
from workflow.papers import PaperStore

LARGEST = 10 * 1024 * 1024
PIXELS = 60_000_000
FORMATS = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
KEPT_FOR = 24 * 3600
NAME_LENGTH = 120
_HEADS = ((b"\xff\xd8\xff", "JPEG"), (b"\x89PNG\r\n\x1a\n", "PNG"))
_PDF_HEAD = re.compile(rb"%PDF-(1\.[0-7]|2\.0)")
_STARTXREF = re.compile(rb"startxref\s+(\d+)\s+%%EOF\s*\Z")
_XREF = re.compile(rb"\s*(xref\b|\d+\s+\d+\s+obj\b)")
_STREAM = re.compile(rb"stream\r?\n")
_ACTIVE = re.compile(rb"/(JavaScript|JS|Launch|EmbeddedFile|RichMedia|XFA)\b")


class UploadRefused(ValueError):
    """`message` says in both languages why this file is not taken."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.message = Text(zh, en)


def real_type(content: bytes) -> str:
    """The media type these bytes really are.

    Raises:
        UploadRefused: empty, too large, of another kind, damaged, locked, or too many pixels.
    """
    if not content:
        raise UploadRefused("文件是空的，请重新选择", "the file is empty; choose it again")
    if len(content) > LARGEST:
        raise UploadRefused(
            f"文件有{len(content) / 1048576:.1f} MB，每份不能超过10 MB",
            f"the file has {len(content) / 1048576:.1f} MB; 10 MB is the limit",
        )
    if content.startswith(b"%PDF-"):
        _check_pdf(content)
        return "application/pdf"
    kind = next((kind for head, kind in _HEADS if content.startswith(head)), None)
    if kind is None and content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        kind = "WEBP"
    if kind is None:
        raise UploadRefused(
            "这不是JPEG、PNG、WebP图片，也不是PDF", "this is neither a JPEG, PNG or WebP image nor a PDF"
        )
    _check_image(content, kind)
    return FORMATS[kind]


def _check_image(content: bytes, kind: str) -> None:
    damaged = UploadRefused("图片打不开，可能没有传完整，请重新拍", "the image is damaged or incomplete")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(BytesIO(content), formats=[kind]) as image:
                wide, high = image.size
                if wide * high > PIXELS:
                    raise UploadRefused(
                        f"图片有{wide}×{high}点，太大。请用普通质量重拍",
                        f"the image has {wide} × {high} pixels, which is too many",
                    )
                image.load()
    except UploadRefused:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise UploadRefused("图片展开后太大，请用普通质量重拍", "the image has too many pixels") from error
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError) as error:
        raise damaged from error


def _check_pdf(content: bytes) -> None:
    if not _PDF_HEAD.match(content):
        raise UploadRefused("PDF的版本不认识", "this PDF version is not known")
    end = _STARTXREF.search(content[-2048:])
    if end is None:
        raise UploadRefused("PDF没有传完整，请重新选择", "the PDF is incomplete; choose it again")
    start = int(end[1])
    if start >= len(content) or not _XREF.match(content, start):
        raise UploadRefused("PDF已经损坏，请重新导出", "the PDF is damaged; export it again")
    bare = _without_streams(content)  # pictures are full of bytes that look like anything
    if b"/Encrypt" in bare:
        raise UploadRefused("PDF加了密码，请去掉密码再传", "the PDF is locked; remove its password")
    if _ACTIVE.search(bare):
        raise UploadRefused("PDF里带有程序或附件，不能收", "the PDF carries programs or attachments")


def _without_streams(content: bytes) -> bytes:
    """What stands between the streams; read once from front to back, however it is made up."""
    parts, at = [], 0
    while (begins := _STREAM.search(content, at)) is not None:
        ends = content.find(b"endstream", begins.end())
        if ends < 0:
            break
        parts.append(content[at : begins.start()])
        at = ends + len(b"endstream")
    return b"".join([*parts, content[at:]])


def safe_name(name: str | None) -> str:
    """A file's name without folders and control characters, at most 120 characters, its ending kept."""
    plain = PurePath((name or "").replace("\\", "/")).name
    plain = "".join(letter for letter in plain if letter.isprintable()).strip() or "未命名"
    path = PurePath(plain)
    return path.stem[: NAME_LENGTH - len(path.suffix[:10])] + path.suffix[:10]


@dataclass(frozen=True, slots=True)
class KeptPaper:
    """A file already in the store, waiting for its form; `token` brings it back."""

    name: str
    size: int
    token: str


@dataclass(frozen=True, slots=True)
class PaperView:
    kind: str
    name: Text
    required: bool
    faults: tuple[Text, ...]
    kept: tuple[KeptPaper, ...]


@dataclass(frozen=True, slots=True)
class Received:
    """What came with a form: papers that are good, and what was wrong with the others."""

    papers: tuple[NewPaper, ...] = ()
    faults: tuple[FieldFault, ...] = ()


def receive(
    store: PaperStore,
    files: MultiDict[str, FileStorage],
    fields: MultiDict[str, str],
    kinds: Iterable[str],
    account_id: int,
) -> Received:
    """Take the files of `paper.<kind>` into the store, and those kept from an earlier try.

    One bad file never blocks the others; the good ones are kept for the next try.
    """
    wanted = list(kinds)
    papers = [paper for token in fields.getlist("kept_paper") if (paper := _unsealed(token, account_id))]
    papers = [paper for paper in papers if paper.kind in wanted and store.has(paper.sha256)]
    faults = []
    for kind in wanted:
        for file in files.getlist(f"paper.{kind}"):
            if not file.filename:
                continue
            name = safe_name(file.filename)
            try:
                papers.append(_take(store, file, kind, name))
            except UploadRefused as error:
                words = Text(f"“{name}”：{error.message.zh}", f"“{name}”: {error.message.en}")
                faults.append(FieldFault(f"paper.{kind}", words))
    return Received(tuple(dict.fromkeys(papers)), tuple(faults))


def _take(store: PaperStore, file: FileStorage, kind: str, name: str) -> NewPaper:
    content = file.stream.read(LARGEST + 1)
    mime = real_type(content)
    kept = store.keep(BytesIO(content), limit=LARGEST)
    return NewPaper(kind, kept.sha256, name, mime, kept.size)


def seal(paper: NewPaper, account_id: int) -> str:
    """A token for a paper already stored; good for a day and for this account only."""
    content = [account_id, paper.kind, paper.sha256, paper.name, paper.mime, paper.size]
    return sealer("paper").encrypt(json.dumps(content).encode()).decode()


def _unsealed(token: str, account_id: int) -> NewPaper | None:
    try:
        owner, *parts = json.loads(sealer("paper").decrypt(token.encode(), ttl=KEPT_FOR))
    except InvalidToken:
        return None
    return NewPaper(*parts) if owner == account_id else None


def show(
    kinds: Mapping[str, Text],
    required: Iterable[str],
    received: Received | None = None,
    faults: Sequence[FieldFault] = (),
    account_id: int = 0,
) -> list[PaperView]:
    """The paper inputs of a form: `kinds` in their order with their names."""
    received, needed = received or Received(), set(required)
    return [
        PaperView(
            kind,
            name,
            kind in needed,
            tuple(fault.message for fault in (*received.faults, *faults) if fault.field == f"paper.{kind}"),
            tuple(
                KeptPaper(paper.name, paper.size, seal(paper, account_id))
                for paper in received.papers
                if paper.kind == kind
            ),
        )
        for kind, name in kinds.items()
    ]
