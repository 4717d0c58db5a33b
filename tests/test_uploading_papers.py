"""Papers that come in are what their bytes say, whatever they are called."""

import struct
import zlib
from io import BytesIO

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from werkzeug.datastructures import FileStorage, MultiDict

from bpmn.text import Text
from web import pdf as printing
from web import uploads
from web.uploads import UploadRefused, real_type
from workflow.papers import PaperStore

KINDS = {"id_card": Text("居民身份证", "identity card"), "invoice": Text("发票", "invoice")}


def image(kind="JPEG", size=(60, 40)):
    out = BytesIO()
    Image.new("RGB", size, "#0A4FA0").save(out, kind)
    return out.getvalue()


def pdf(body=b"", version=b"1.7", end=b"%%EOF\n"):
    head = b"%PDF-" + version + b"\n1 0 obj <</Type/Catalog" + body + b">> endobj\n"
    return (
        head + b"xref\n0 1\n0000000000 65535 f \ntrailer <</Root 1 0 R>>\nstartxref\n%d\n" % len(head) + end
    )


def png_of(width, height):
    """A PNG of a few hundred bytes that claims to be enormous."""

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(b"\0" * 100_000))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("content", "mime"),
    [
        (image("JPEG"), "image/jpeg"),
        (image("PNG"), "image/png"),
        (image("WEBP"), "image/webp"),
        (pdf(), "application/pdf"),
        (pdf(version=b"2.0", end=b"%%EOF"), "application/pdf"),
    ],
)
def test_photos_scans_and_pdf_are_taken_for_what_they_are(content, mime):
    assert real_type(content) == mime


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "空的"),
        (b"MZ\x90\0 a program", "不是JPEG"),
        (b"<html><script>alert(1)</script>", "不是JPEG"),
        (b"PK\x03\x04 a zip, or a word document", "不是JPEG"),
        (b"GIF89a" + b"\0" * 50, "不是JPEG"),
        (b"\xff\xd8\xff and nothing more", "打不开"),
        (image()[:200], "打不开"),
        (image("PNG")[:60], "打不开"),
        (pdf()[:40], "没有传完整"),
        (pdf(end=b""), "没有传完整"),
        (pdf(version=b"9.9"), "版本"),
        (pdf(body=b"/Encrypt 2 0 R"), "密码"),
        (pdf(body=b"/OpenAction<</S/JavaScript/JS(app.alert(1))>>"), "程序"),
        (pdf(body=b"/AA<</O<</S/Launch>>>>"), "程序"),
        (b"%PDF-1.7\nstartxref\n999999\n%%EOF", "损坏"),
        (b"x" * (uploads.LARGEST + 1), "不能超过10 MB"),
    ],
)
def test_everything_else_is_refused_with_its_reason(content, reason):
    with pytest.raises(UploadRefused) as refused:
        real_type(content)
    assert reason in refused.value.message.zh


@pytest.mark.parametrize("size", [(30_000, 30_000), (65_000, 65_000), (9_000, 9_000)])
def test_a_small_file_that_unfolds_into_gigabytes_is_never_unfolded(size):
    with pytest.raises(UploadRefused):
        real_type(png_of(*size))


def test_making_pdf_in_the_same_process_changes_nothing_for_uploads():
    assert printing.pdf_of  # importing it is what could loosen the check
    with pytest.raises(UploadRefused):
        real_type(image("PNG")[:60])


def test_bytes_of_a_picture_inside_a_pdf_are_not_taken_for_a_program():
    scan = b">> endobj\n2 0 obj <</Length 40>> stream\n\0/JS(\0/Launch \0/Encrypt\0 endstream endobj <<"
    assert real_type(pdf(body=scan)) == "application/pdf"


def test_a_pdf_made_to_keep_the_check_busy_is_checked_at_once():
    import time

    started = time.perf_counter()
    real_type(pdf(body=b"stream\n" * 1_300_000))
    assert time.perf_counter() - started < 2


@given(st.binary(max_size=2_000))
def test_no_bytes_whatever_make_it_fall_over(content):
    for head in (b"", b"%PDF-1.7\n", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\0\0\0\0WEBP"):
        try:
            real_type(head + content)
        except UploadRefused as refused:
            assert refused.message.zh


@pytest.mark.parametrize(
    ("given_name", "kept"),
    [
        ("C:\\Users\\王\\身份证.jpg", "身份证.jpg"),
        ("../../etc/passwd", "passwd"),
        ("发票\r\nSet-Cookie: a=b.pdf", "发票Set-Cookie: a=b.pdf"),
        ("", "未命名"),
        (None, "未命名"),
        ("长" * 300 + ".pdf", "长" * 116 + ".pdf"),
    ],
)
def test_names_of_files_lose_their_folders(given_name, kept):
    assert uploads.safe_name(given_name) == kept


@pytest.fixture
def store(tmp_path):
    return PaperStore(tmp_path / "papers")


@pytest.fixture
def app():
    app = Flask("test")
    app.secret_key = "a key for this test"
    return app


def files(**given_files):
    sent = MultiDict()
    for name, several in given_files.items():
        for filename, content in several:
            sent.add(f"paper.{name}", FileStorage(BytesIO(content), filename))
    return sent


def test_one_bad_file_never_blocks_the_others(app, store):
    with app.app_context():
        got = uploads.receive(
            store,
            files(id_card=[("a.jpg", image()), ("b.exe", b"MZ")], invoice=[("c.pdf", pdf())]),
            MultiDict(),
            KINDS,
            7,
        )
    assert [paper.name for paper in got.papers] == ["a.jpg", "c.pdf"]
    assert [fault.field for fault in got.faults] == ["paper.id_card"]
    assert "b.exe" in got.faults[0].message.zh
    assert store.read(got.papers[0].sha256) == image()


def test_what_was_uploaded_is_kept_over_a_refused_form(app, store):
    with app.app_context():
        got = uploads.receive(store, files(id_card=[("a.jpg", image())]), MultiDict(), KINDS, 7)
        shown = uploads.show(KINDS, ["id_card"], got, account_id=7)
        token = shown[0].kept[0].token
        again = uploads.receive(store, files(), MultiDict({"kept_paper": token}), KINDS, 7)
        assert again.papers == got.papers
        assert "a.jpg" not in token
        stranger = uploads.receive(store, files(), MultiDict({"kept_paper": token}), KINDS, 8)
        assert stranger.papers == ()
        forged = uploads.receive(store, files(), MultiDict({"kept_paper": token[:-4] + "AAAA"}), KINDS, 7)
        assert forged.papers == ()


def test_a_kind_nobody_asked_for_is_not_taken(app, store):
    with app.app_context():
        got = uploads.receive(store, files(passbook=[("a.jpg", image())]), MultiDict(), KINDS, 7)
    assert got.papers == ()
    assert not store.folder.exists()


def test_the_same_file_twice_is_one_paper(app, store):
    with app.app_context():
        got = uploads.receive(
            store, files(id_card=[("a.jpg", image()), ("a.jpg", image())]), MultiDict(), KINDS, 7
        )
    assert len(got.papers) == 1
