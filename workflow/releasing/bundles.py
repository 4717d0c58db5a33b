"""Files handed in for the rule book: from a folder, one by one, or as a zip; read with suspicion."""

import io
import re
import zipfile
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path, PurePosixPath
from zlib import error as ZlibError

from bpmn import Fault, Text
from bpmn.rulebook import SUFFIXES
from workflow.errors import RulesRefused

MOST_FILES = 800
LARGEST_FILE = 2 * 1024 * 1024
LARGEST_WHOLE = 32 * 1024 * 1024
LARGEST_ZIP = 8 * 1024 * 1024
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(?:/[A-Za-z0-9][A-Za-z0-9._-]*){0,4}")
_TOO_LARGE = Text(
    f"文件超过{LARGEST_FILE // 1024 // 1024} MB", f"the file is larger than {LARGEST_FILE // 1024 // 1024} MB"
)


def from_folder(root: Path) -> dict[str, bytes]:
    """The data files of a folder laid out like `bpmn/`.

    Raises:
        RulesRefused: names and sizes that cannot be.
    """
    found = ((path, path.relative_to(root).as_posix()) for path in sorted(root.rglob("*")))
    data = [(path, name) for path, name in found if path.suffix in SUFFIXES and path.is_file()]
    faults = list(_wrong_names(name for _, name in data))
    faults += [Fault(name, "-", _TOO_LARGE) for path, name in data if path.stat().st_size > LARGEST_FILE]
    if faults:
        raise RulesRefused(faults)
    return {name: path.read_bytes() for path, name in data}


def from_zip(content: bytes, name: str, folders: Collection[str]) -> dict[str, bytes]:
    """The data files in a zip; one outer folder that is none of the rule book's `folders` is left away.

    Raises:
        RulesRefused: no zip, encrypted, names that cannot be, or more in it than a rule book holds: what it
            says of its sizes is not believed.
    """
    if len(content) > LARGEST_ZIP:
        limit = LARGEST_ZIP // 1024 // 1024
        raise _refused(name, f"压缩包超过{limit} MB", f"the zip is larger than {limit} MB")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return _unpacked(archive, name, folders)
    except (zipfile.BadZipFile, ZlibError, NotImplementedError, EOFError, UnicodeDecodeError) as broken:
        raise _refused(name, "不是完整的zip压缩包", "not a whole zip file") from broken
    except RuntimeError as locked:  # what zipfile raises for a password
        raise _refused(name, "压缩包加了密码", "the zip asks for a password") from locked


def _unpacked(archive: zipfile.ZipFile, name: str, folders: Collection[str]) -> dict[str, bytes]:
    entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    if len(entries) > MOST_FILES:
        raise _refused(name, f"压缩包里超过{MOST_FILES}个文件", f"more than {MOST_FILES} files in the zip")
    data = [entry for entry in entries if PurePosixPath(entry.filename).suffix in SUFFIXES]
    tops = {entry.filename.partition("/")[0] for entry in data}
    outer = f"{tops.pop()}/" if len(tops) == 1 and not tops & set(folders) else ""
    names = [entry.filename.removeprefix(outer) for entry in data]
    faults = list(_wrong_names(entry.filename for entry in data))
    if len(set(names)) < len(names):
        faults.append(
            Fault(name, "-", Text("同一个文件在压缩包里出现两次", "a file stands in the zip twice"))
        )
    if faults:
        raise RulesRefused(faults)
    files: dict[str, bytes] = {}
    left = LARGEST_WHOLE
    for path, entry in zip(names, data, strict=True):
        with archive.open(entry) as stream:
            files[path] = stream.read(min(left, LARGEST_FILE) + 1)
        if len(files[path]) > LARGEST_FILE:
            raise RulesRefused([Fault(path, "-", _TOO_LARGE)])
        left -= len(files[path])
        if left < 0:
            limit = LARGEST_WHOLE // 1024 // 1024
            raise _refused(name, f"解开后超过{limit} MB", f"more than {limit} MB when unpacked")
    if not files:
        raise _refused(name, "压缩包里没有规则文件", "there is no file of rules in the zip")
    return files


def folders_of(known: Iterable[str]) -> set[str]:
    """The folders of a rule book: flows, forms, letters, policies …"""
    return {path.partition("/")[0] for path in known if "/" in path}


def from_uploads(uploads: Iterable[tuple[str, bytes]], known: Mapping[str, bytes]) -> dict[str, bytes]:
    """Single files by their names: each takes the place of the one file of that name in the rule book.

    Raises:
        RulesRefused: a name that no file of the rule book has, or several have.
    """
    files: dict[str, bytes] = {}
    faults: list[Fault] = []
    for name, content in uploads:
        if name.endswith(".zip"):
            files.update(from_zip(content, name, folders_of(known)))
            continue
        fits = [path for path in known if path == name or path.rpartition("/")[2] == name]
        if len(content) > LARGEST_FILE:
            faults.append(Fault(name, "-", _TOO_LARGE))
        elif len(fits) == 1:
            files[fits[0]] = content
        else:
            told = (
                Text(
                    "有几个同名文件，请打成zip并保留文件夹",
                    "several files have this name; zip it with folders",
                )
                if fits
                else Text(
                    "规则里没有这个文件；新文件请放进zip", "no such file in the rules; send new ones in a zip"
                )
            )
            faults.append(Fault(name, "-", told))
    if faults:
        raise RulesRefused(faults)
    return files


def _wrong_names(names: Iterable[str]) -> Iterable[Fault]:
    for name in names:
        if not _NAME.fullmatch(name) or PurePosixPath(name).suffix not in SUFFIXES or len(name) > 120:
            told = Text(
                "文件名只能用字母、数字、点和横线", "a name has letters, digits, dots and dashes only"
            )
            yield Fault(name[:120], "-", told)


def _refused(name: str, zh: str, en: str) -> RulesRefused:
    return RulesRefused([Fault(name, "-", Text(zh, en))])
