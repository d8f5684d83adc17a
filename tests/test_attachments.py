"""Files of projects: known by their content, kept by hash, handed out as downloads to those who may see the project."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZIP_BZIP2, ZIP_DEFLATED, ZipFile

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile

from config.api.outcomes import StaleVersion
from projects import services
from projects.file_names import shown_name
from projects.file_types import FileType, type_of
from projects.models import Attachment, LedgerEntry, Project
from tests.api import Api, assert_problem
from tests.makers import NOW, make_huangpu, make_project, make_user
from tests.pages import download, read, signed_in

pytestmark = pytest.mark.django_db

PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<</Type/Catalog>>\nendobj\ntrailer<</Root 1 0 R>>\nstartxref\n0\n%%EOF\n"
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"


def png() -> bytes:
    """A picture of one point."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\0\0\0\0")) + chunk(b"IEND", b"")


def jpeg(behind: bytes = b"") -> bytes:
    """The segments of a photograph, and what a telephone writes behind it."""
    app, frame = b"\xff\xe0\x00\x10JFIF\0" + b"\0" * 9, b"\xff\xc0\x00\x0b\x08\0\x01\0\x01\x01\x01\x11\0"
    return (
        b"\xff\xd8" + app + frame + b"\xff\xda\x00\x08\x01\x01\0\0\x3f\0" + b"\x12\x34" + b"\xff\xd9" + behind
    )


def office(
    main: str = WORD, part: str = "word/document.xml", how: int = ZIP_DEFLATED, **more: bytes
) -> bytes:
    """A Word or Excel file with these further parts; `_` in a name stands for `/`, `0` for `.`."""
    file = BytesIO()
    with ZipFile(file, "w", how) as parts:
        parts.writestr(
            "[Content_Types].xml", f'<Types><Override PartName="/{part}" ContentType="{main}"/></Types>'
        )
        parts.writestr(part, "<w/>")
        for name, content in more.items():
            parts.writestr(name.replace("_", "/").replace("0", "."), content)
    return file.getvalue()


def bomb() -> bytes:
    """A Word file whose one part says that it has a gigabyte."""
    raw = office()
    size = struct.pack("<I", 4)  # of <w/>
    place = raw.rindex(b"PK\x01\x02")
    return raw[:place] + raw[place:].replace(size + struct.pack("<H", 17), struct.pack("<IH", 2**30, 17), 1)


@pytest.fixture
def world(tmp_path: Path, settings: Any) -> dict[str, Any]:
    """A project of 黄埔区 with its people, a neighbour, and an empty folder for files."""
    settings.ATTACHMENT_FOLDER = tmp_path / "attachments"
    places = make_huangpu()
    return {
        "folder": settings.ATTACHMENT_FOLDER,
        "editor": make_user("editor", district=places["440112"]),
        "viewer": make_user("viewer", district=places["440112"], role="viewer"),
        "neighbour": make_user("neighbour", district=places["440113"]),
        "project": make_project(district=places["440112"]),
    }


def upload(content: bytes, name: str = "合同.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def attach(
    project: Project, content: bytes = PDF, name: str = "合同.pdf", kind: str = "contract"
) -> Attachment:
    return services.attach_file(project, upload(content, name), kind, actor=None, at=NOW)


def page_of(project: Project, rest: str = "change/") -> str:
    return f"/admin/projects/project/{project.pk}/{rest}"


def kept(world: dict[str, Any]) -> list[str]:
    """The files in the folder, by their names."""
    folder: Path = world["folder"]
    return sorted(p.name for p in folder.rglob("*") if p.is_file()) if folder.exists() else []


# --- what a file is -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (PDF, FileType.PDF),
        (PDF + b"\r\n\0\0", FileType.PDF),
        (png(), FileType.PNG),
        (jpeg(), FileType.JPEG),
        (jpeg(b"SEFT" + b"\0" * 50), FileType.JPEG),  # a telephone's own data
        (office(), FileType.DOCX),
        (office(EXCEL, "xl/workbook.xml", xl_printerSettings_printerSettings10bin=b"x"), FileType.XLSX),
    ],
)
def test_a_file_is_known_by_its_content(content, kind):
    assert type_of(BytesIO(content)) == kind


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b"<html><script>alert(1)</script></html>", "type"),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "type"),
        (b"MZ\x90\0" + b"\0" * 100, "type"),
        (b"\x7fELF" + b"\0" * 100, "type"),
        (b"GIF89a", "type"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "type"),  # the old Word
        (b"PK\x05\x06" + b"\0" * 18, "type"),  # an empty archive
        (b"%PDF-1.7 and nothing", "damaged"),
        (b"junk" + PDF, "type"),
        (PDF + b"<script>", "double"),
        (b"%PDF-1.7\n<html><script>alert(1)</script>\n%%EOF", "double"),
        (PDF[:-6] + office() + b"%%EOF", "double"),
        (PDF.replace(b"/Catalog", b"/Catalog/OpenAction<</S/JavaScript/JS(app.alert)>>"), "active"),
        (PDF.replace(b"/Catalog", b"/Catalog/OpenAction<</S/Launch/F(cmd.exe)>>"), "active"),
        (png()[:-3], "damaged"),
        (png() + b"<script>", "double"),
        (b"\x89PNG\r\n\x1a\n" + b"\xff" * 20, "damaged"),
        (jpeg()[:30], "damaged"),
        (b"\xff\xd8\xff\xe0", "damaged"),
        (jpeg(office()), "double"),
        (office()[:-4], "damaged"),
        (b"PK\x03\x04" + office(), "double"),
        (office("application/vnd.ms-word.document.macroEnabled.main+xml"), "active"),
        (office(word_vbaProject0bin=b"x"), "active"),
        (office(xl_macrosheets_sheet10xml=b"x"), "active"),
        (office(word_embeddings_oleObject10bin=b"x"), "active"),
        (office("text/plain"), "type"),
        (office(WORD, "other.xml"), "type"),
        (office(WORD + '"/><!DOCTYPE'), "type"),
        (office(how=ZIP_BZIP2), "damaged"),
        (bomb(), "damaged"),
    ],
)
def test_everything_else_is_refused_whatever_it_pretends_to_be(content, code):
    with pytest.raises(ValidationError) as refusal:
        type_of(BytesIO(content))

    assert refusal.value.code == code


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("../../etc/passwd", "passwd.pdf"),
        ("C:\\Users\\王\\合同.PDF", "合同.pdf"),
        ("合同\r\nSet-Cookie: a=b.pdf", "合同Set-Cookie_ a=b.pdf"),
        ("合\u200b同\u200d\ufeff.pdf", "合同.pdf"),
        ("", "pdf.pdf"),
        ("...", "pdf.pdf"),
        (".pdf", "pdf.pdf"),
        ("长" * 300 + ".pdf", "长" * 116 + ".pdf"),
        ("v1.2 最终稿", "v1.2 最终稿.pdf"),
        ('<img src="x">.pdf', "_img src=_x__.pdf"),
    ],
)
def test_a_name_is_cleaned_for_show(given, shown):
    assert shown_name(given, FileType.PDF) == shown


@pytest.mark.parametrize("given", ["合同.exe", "合同.pdf.exe", "合同\u202efdp.exe", "照片.jpg", "a.html"])
def test_a_name_that_says_something_else_than_the_content_is_refused(given):
    with pytest.raises(ValidationError) as refusal:
        shown_name(given, FileType.PDF)

    assert refusal.value.code == "name"


# --- the page -----------------------------------------------------------------------------------------------------


def test_an_officer_attaches_downloads_and_removes_a_file_on_the_projects_page(world):
    browser, project = signed_in(world["editor"]), world["project"]
    before = LedgerEntry.objects.count()

    added = browser.post(page_of(project, "attachments/"), {"kind": "contract", "file": upload(PDF)})
    (file,) = project.attachments.all()
    shown = read(browser, page_of(project)).text
    got: Any = browser.get(page_of(project, f"attachments/{file.pk}/"))
    content = b"".join(got.streaming_content)
    removed = browser.post(page_of(project, f"attachments/{file.pk}/remove/"))

    assert (added.status_code, removed.status_code) == (302, 302)
    assert "合同.pdf" in shown
    assert content == PDF
    assert got.headers["Content-Disposition"] == "attachment; filename*=utf-8''%E5%90%88%E5%90%8C.pdf"
    assert got.headers["X-Content-Type-Options"] == "nosniff"
    assert got.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert got.headers["Content-Type"] == "application/pdf"
    assert "合同.pdf" not in read(browser, page_of(project)).text.replace("The file 合同.pdf is removed", "")
    assert browser.get(page_of(project, f"attachments/{file.pk}/")).status_code == 404
    file.refresh_from_db()
    assert (file.removed_by, kept(world)) == (world["editor"], [file.sha256])
    assert LedgerEntry.objects.count() == before


def test_a_photograph_is_taken_on_the_spot(world):
    browser, project = signed_in(world["editor"]), world["project"]

    page = browser.get(page_of(project)).content.decode()
    browser.post(page_of(project, "attachments/"), {"kind": "photo", "photo": upload(jpeg(), "IMG_1.jpg")})

    assert 'accept="image/jpeg,image/png" capture="environment"' in page
    assert [(f.kind, f.file_type) for f in project.attachments.all()] == [("photo", "jpeg")]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"file": (b"", "合同.pdf")}, "The file is empty"),
        ({"file": (b"<html>", "合同.pdf")}, "something else"),
        ({"file": (png(), "合同.pdf")}, "the file is a PNG picture"),
        ({}, "Choose one file"),
        ({"file": (PDF, "a.pdf"), "photo": (png(), "b.png")}, "Choose one file"),
        ({"file": (PDF, "a.pdf"), "kind": "secret"}, "Select a valid choice"),
    ],
)
def test_what_is_wrong_is_said_on_the_page_and_nothing_is_kept(world, given, said):
    data = {"kind": "contract", **{k: upload(*v) if isinstance(v, tuple) else v for k, v in given.items()}}

    answer = signed_in(world["editor"]).post(page_of(world["project"], "attachments/"), data)

    assert answer.status_code == 200
    assert said in answer.content.decode()
    assert not Attachment.objects.exists()


def test_a_file_beyond_the_limit_is_refused_while_it_arrives(world, settings):
    settings.ATTACHMENT_MAX_BYTES = 1024 * 1024
    large = PDF[:-6] + b"0" * 1024 * 1024 + b"%%EOF\n"
    browser, project = signed_in(world["editor"]), world["project"]

    page = browser.post(page_of(project, "attachments/"), {"kind": "contract", "file": upload(large)})
    program = post(Api(world["editor"]), project, large)
    far_beyond = post(Api(world["editor"]), project, large * 3)

    assert page.status_code == 200
    assert "larger than 1 MB" in page.content.decode()
    assert "Choose one file" not in page.content.decode()
    assert_problem(program, 413, "too-large")
    assert_problem(far_beyond, 413, "too-large")
    assert kept(world) == []


def test_the_same_file_is_attached_once_and_a_project_has_so_many(world, settings):
    settings.ATTACHMENTS_PER_PROJECT = 2
    attach(world["project"])
    attach(world["project"], png(), "a.png")

    with pytest.raises(ValidationError) as again:
        attach(world["project"], name="又一份.pdf")
    with pytest.raises(ValidationError) as more:
        attach(world["project"], jpeg(), "b.jpg")
    attach(make_project(district=world["project"].district))

    assert [error.code for error in again.value.error_dict["file"]] == ["unique"]
    assert [error.code for error in more.value.error_dict["file"]] == ["too_many"]
    assert len(kept(world)) == 3  # a picture refused last stays, and nothing names it


def test_who_may_not_see_the_project_finds_no_file_and_who_may_only_read_adds_none(world):
    project, file = world["project"], attach(world["project"])
    other = make_project(district=project.district)
    viewer, neighbour = signed_in(world["viewer"]), signed_in(world["neighbour"])
    where = page_of(project, f"attachments/{file.pk}/")

    assert download(viewer, where) == PDF
    assert neighbour.get(where).status_code == 404
    assert viewer.get(page_of(other, f"attachments/{file.pk}/")).status_code == 404
    for rest in ("attachments/", f"attachments/{file.pk}/remove/"):
        assert viewer.post(page_of(project, rest), {"kind": "photo"}).status_code == 403
        assert neighbour.post(page_of(project, rest), {"kind": "photo"}).status_code == 404
    assert "attachments/" + str(file.pk) + "/remove" not in viewer.get(page_of(project)).content.decode()
    assert Attachment.objects.kept().count() == 1


# --- programs -----------------------------------------------------------------------------------------------------


def post(api: Api, project: Project, content: bytes = PDF, name: str = "合同.pdf", **headers: str) -> Any:
    """Send a file as programs do."""
    sent = {**api.headers, **{k.replace("_", "-"): v for k, v in headers.items()}}
    return api.client.post(
        f"/api/v1/projects/{project.pk}/attachments/",
        {"kind": "contract", "file": upload(content, name)},
        headers=sent,
    )


def test_a_program_sends_reads_fetches_and_removes_a_file(world):
    api, project = Api(world["editor"]), world["project"]
    path = f"projects/{project.pk}/attachments/"

    made = post(api, project)
    where = f"{path}{made.json()['id']}/"
    listed = api.get(path).json()["results"]
    content = b"".join(api.get(f"{where}content/").streaming_content)
    gone = api.delete(where, **{"If-Match": made.headers["ETag"]})

    assert made.status_code == 201
    assert (made.json()["name"], made.json()["file_type"], made.json()["size"]) == (
        "合同.pdf",
        "pdf",
        len(PDF),
    )
    assert [each["id"] for each in listed] == [made.json()["id"]]
    assert content == PDF
    assert gone.status_code == 204
    assert_problem(api.get(where), 404, "not-found")
    assert_problem(api.get(f"{where}content/"), 404, "not-found")


def test_a_file_sent_again_under_the_same_key_is_attached_once(world):
    api, project = Api(world["editor"]), world["project"]

    first = post(api, project, Idempotency_Key="k1")
    again = post(api, project, Idempotency_Key="k1")
    other = post(api, project, png(), "a.png", Idempotency_Key="k1")

    assert first.json() == again.json()
    assert other.status_code == 422
    assert project.attachments.count() == 1


def test_a_program_is_told_what_is_wrong_with_its_file(world):
    api, project = Api(world["editor"]), world["project"]
    path = f"projects/{project.pk}/attachments/"

    assert_problem(post(api, project, b"<html>"), 400, "validation", "/file")
    assert_problem(post(api, project, b""), 400, "validation", "/file")
    assert_problem(api.post(path, {"kind": "contract"}), 415, "media-type")
    assert_problem(post(Api(world["viewer"]), project), 403, "permission")
    assert_problem(post(Api(world["neighbour"]), project), 404, "not-found")
    assert kept(world) == []


def test_two_files_under_one_name_are_refused_and_leave_nothing_behind(world, settings, tmp_path):
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path / "arriving")
    Path(settings.FILE_UPLOAD_TEMP_DIR).mkdir()
    api, project = Api(world["editor"]), world["project"]

    answer = api.client.post(
        f"/api/v1/projects/{project.pk}/attachments/",
        {"kind": "contract", "file": [upload(PDF), upload(png(), "a.png")]},
        headers=api.headers,
    )

    assert_problem(answer, 400, "malformed")
    assert list((tmp_path / "arriving").iterdir()) == []
    assert kept(world) == []


def test_the_history_says_which_file_came_and_went(world):
    project, editor = world["project"], world["editor"]
    services.detach_file(attach(project), actor=editor, at=NOW)

    lines = [
        (line["label"], line["before_text"], line["after_text"])
        for revision in Api(editor).get(f"projects/{project.pk}/history/").json()["results"]
        for line in revision["changes"]
    ]

    assert lines == [("Attachment · Contract", "合同.pdf", "—"), ("Attachment · Contract", "—", "合同.pdf")]


def test_a_file_is_removed_once(world):
    first, second = attach(world["project"]), Attachment.objects.get()
    services.detach_file(first, actor=None, at=NOW)

    with pytest.raises(StaleVersion):
        services.detach_file(second, actor=None, at=NOW)
