import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from graphrag.datamodel import Document, Failure
from graphrag.documents import list_files, read_documents
from graphrag.errors import DataError
from graphrag.ids import document_id


def read(*sources: Path, **options: int) -> tuple[list[Document], list[Failure]]:
    items = list(read_documents(sources, **options))
    documents = [item for item in items if isinstance(item, Document)]
    return documents, [item for item in items if isinstance(item, Failure)]


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_a_folder_is_read_to_the_bottom_in_order_of_keys(tmp_path: Path) -> None:
    for name in ("b.txt", "a/z.md", "a/deep/er/c.txt"):
        write(tmp_path, name, f"Text of {name}.")
    documents, failures = read(tmp_path)
    assert [document.key for document in documents] == ["a/deep/er/c.txt", "a/z.md", "b.txt"]
    assert not failures


def test_a_document_is_named_by_its_content(tmp_path: Path) -> None:
    (document,), _ = read(write(tmp_path, "note.md", "# Rain\n\nIt fell.\n"))
    assert document.id == document_id("note.md", "Rain", "# Rain\n\nIt fell.\n", {})
    assert document.source.endswith("note.md")


def test_jsonl_keeps_ids_and_numbers_lines_without_one(tmp_path: Path) -> None:
    lines = [{"id": 7, "text": "one"}, {"text": "two", "title": "Two", "metadata": {"n": [1, None]}}]
    path = write(tmp_path, "c.jsonl", "\n\n".join(json.dumps(line) for line in lines))
    documents, failures = read(path)
    assert [(d.key, d.title, d.text, d.metadata) for d in documents] == [
        ("7", "", "one", {}),
        ("c.jsonl#3", "Two", "two", {"n": [1, None]}),
    ]
    assert not failures


def test_gzipped_jsonl_reads_like_plain(tmp_path: Path) -> None:
    line = b'{"id": "x", "text": "one"}\n'
    (plain,), _ = read(write(tmp_path, "c.jsonl", line))
    (zipped,), _ = read(write(tmp_path, "c.jsonl.gz", gzip.compress(line)))
    assert plain.id == zipped.id


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"id": "x"}', 'no "text" string; its keys: id'),
        ('["text"]', "must be a JSON object"),
        ('{"text": "a", "id": true}', '"id" must be a string'),
        ('{"text": "a", "id": " "}', "blank id"),
        ('{"text": " \\n "}', "is empty"),
        ('{"text": "a", "metadata": 3}', '"metadata" must be an object'),
        ('{"text": "a", "title": 3}', '"title" must be a string'),
        ('{"text": "cut', "not a JSON object on one line"),
        ("[" * 200_000, "nested too deeply"),
        ('{"text": "a", "metadata": ' + '{"a":' * 40 + "1" + "}" * 41, "nested deeper than 32"),
    ],
)
def test_a_bad_line_is_a_failure_and_its_neighbours_are_read(tmp_path: Path, line: str, message: str) -> None:
    good = '{"id": "good", "text": "fine"}'
    documents, failures = read(write(tmp_path, "c.jsonl", f"{line}\n{good}\n"))
    assert [document.key for document in documents] == ["good"]
    assert len(failures) == 1
    assert message in failures[0].message


def test_csv_rows_are_documents(tmp_path: Path) -> None:
    path = write(tmp_path, "t.csv", 'ID,Name,Text,year\n1,Rain,"It\nfell.",1999\n,,Snow.,\n')
    documents, failures = read(path)
    assert [(d.key, d.title, d.text, d.metadata) for d in documents] == [
        ("1", "Rain", "It\nfell.", {"year": "1999"}),
        ("t.csv#2", "", "Snow.", {}),
    ]
    assert not failures


def test_csv_without_a_text_column_names_its_columns(tmp_path: Path) -> None:
    _, (failure,) = read(write(tmp_path, "t.csv", "a,b\n1,2\n"))
    assert "no text column" in failure.message
    assert "it names a, b" in failure.message


@pytest.mark.parametrize(
    ("name", "text", "title"),
    [
        ("x.md", "# Blue *Whale* #\n\nIt swims.", "Blue Whale"),
        ("x.md", "Blue Whale\n===\n\nIt swims.", "Blue Whale"),
        ("x.md", '---\ntitle: "Blue Whale"\n---\n# Facts\n', "Blue Whale"),
        ("x.md", "# [Blue Whale](http://x)\n## Size\n```\n# no heading\n```\n", "Blue Whale"),
        ("x.md", "# One\n\na\n\n# Two\n\nb", ""),
        ("one.md", "# One\n\na\n\n# Two\n\nb", "One"),
        ("x.md", "# Introduction\n\nIt swims.", ""),
        ("x.md", "Some words first.\n\n# Section\n", ""),
        ("blue_whale.txt", "The Blue Whale swims.", "Blue Whale"),
        ("notes-2021.txt", "The Blue Whale swims.", ""),
        ("x.html", "<title>Blue Whale - Seas</title><h1>Blue Whale</h1><p>It swims.</p>", "Blue Whale"),
        ("x.html", "<title>Untitled</title><p>It swims.</p>", ""),
    ],
)
def test_a_title_is_only_what_the_file_states(tmp_path: Path, name: str, text: str, title: str) -> None:
    (document,), _ = read(write(tmp_path, name, text))
    assert document.title == title


def test_markdown_keeps_every_character(tmp_path: Path) -> None:
    text = "# A\n\n* one\n* **two** [three](x)\n\n    code\n"
    (document,), _ = read(write(tmp_path, "a.md", text))
    assert document.text == text


def test_html_gives_blocks_without_scripts(tmp_path: Path) -> None:
    page = (
        "<html><head><script>alert(1)</script></head><body><p>One &amp; <b>two</b>.</p><p>Three.</p></body>"
    )
    (document,), _ = read(write(tmp_path, "a.html", page))
    assert document.text == "One & two.\n\nThree."


def test_html_of_a_whole_page_leaves_menus_out(tmp_path: Path) -> None:
    paragraph = "<p>The <b>blue whale</b> is a <a href=/m>mammal</a> of the seas, 29.9 m long at most.</p>"
    page = f"<body><nav><a href=/>Home</a></nav><div><h1>Whale</h1>{paragraph * 20}</div></body>"
    (document,), _ = read(write(tmp_path, "a.html", page))
    assert document.text.count("The blue whale is a mammal of the seas, 29.9 m long at most.") == 20
    assert "Home" not in document.text


def test_html_in_a_declared_old_encoding_is_decoded(tmp_path: Path) -> None:
    page = '<meta charset="koi8-r"><p>Привет, мир.</p>'.encode("koi8-r")
    (document,), _ = read(write(tmp_path, "a.html", page))
    assert document.text == "Привет, мир."


def make_pdf(*pages: str, title: str = "") -> bytes:
    """A PDF by hand: catalogue, pages, one font, one content stream a page."""
    objects = ["<< /Type /Catalog /Pages 2 0 R >>", ""]
    kids = []
    for page in pages:
        lines = " ".join(f"({line}) Tj 0 -14 Td" for line in page.split("\n"))
        stream = f"BT /F1 12 Tf 72 700 Td {lines} ET"
        number = len(objects) + 1
        kids.append(f"{number} 0 R")
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents {number + 1} 0 R /Resources "
            "<< /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>"
        )
        objects.append(f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream")
    objects[1] = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>"
    objects.append(f"<< /Title ({title}) >>")
    body, offsets = "%PDF-1.4\n", []
    for number, content in enumerate(objects, start=1):
        offsets.append(len(body))
        body += f"{number} 0 obj\n{content}\nendobj\n"
    table = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    size = len(objects) + 1
    return (
        f"{body}xref\n0 {size}\n0000000000 65535 f \n{table}"
        f"trailer << /Size {size} /Root 1 0 R /Info {size - 1} 0 R >>\nstartxref\n{len(body)}\n%%EOF\n"
    ).encode("ascii")


def test_pdf_pages_are_joined_and_split_words_made_whole(tmp_path: Path) -> None:
    raw = make_pdf("The whale is enor-\nmous.", "It swims.", title="Blue Whale")
    (document,), _ = read(write(tmp_path, "a.pdf", raw))
    assert document.text == "The whale is enormous.\n\nIt swims."
    assert document.title == "Blue Whale"


def test_a_title_a_program_wrote_is_no_title(tmp_path: Path) -> None:
    (document,), _ = read(write(tmp_path, "a.pdf", make_pdf("Hi.", title="Microsoft Word - whale.doc")))
    assert document.title == ""


def make_docx(path: Path) -> None:
    import docx

    document = docx.Document()
    document.add_heading("Blue Whale", level=0)
    document.add_paragraph("It swims.")
    table = document.add_table(rows=1, cols=2)
    table.cell(0, 0).text, table.cell(0, 1).text = "length", "30 m"
    document.save(str(path))


def test_docx_paragraphs_and_tables_come_in_order(tmp_path: Path) -> None:
    make_docx(tmp_path / "a.docx")
    (document,), _ = read(tmp_path / "a.docx")
    assert document.text == "Blue Whale\n\nIt swims.\n\nlength | 30 m"
    assert document.title == "Blue Whale"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le"])
def test_docx_with_a_doctype_is_refused(tmp_path: Path, encoding: str) -> None:
    import zipfile

    bomb = '<?xml version="1.0"?><!DOCTYPE w [<!ENTITY a "aaaa">]><w>&a;</w>'
    with zipfile.ZipFile(tmp_path / "a.docx", "w") as archive:
        archive.writestr("word/document.xml", bomb.encode(encoding))
    _, (failure,) = read(tmp_path / "a.docx")
    assert "declares a DOCTYPE" in failure.message


def test_docx_that_expands_beyond_bounds_is_refused(tmp_path: Path) -> None:
    import zipfile

    with zipfile.ZipFile(tmp_path / "a.docx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b" " * (65 * 2**20))
    _, (failure,) = read(tmp_path / "a.docx")
    assert "refused" in failure.message


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.txt", b"", "is empty"),
        ("a.txt", b"\xef\xbb\xbf", "is empty"),
        ("a.txt", bytes(range(256)), "binary file"),
        ("a.html", b"\x7fELF\x00\x00", "binary file"),
        ("a.html", b"<script>x</script>", "is empty"),
        ("a.pdf", b"not a pdf", "cannot be read as PDF"),
        ("a.docx", b"PK\x03\x04 cut", "not a readable DOCX"),
        ("a.jsonl", b"", "is empty"),
        ("a.jsonl.gz", b"not gzip", "cannot read"),
        ("a.csv", b"", "no text column"),
        ("a.txt", b"x" * 2000, "more than 1000 bytes"),
    ],
)
def test_an_unreadable_file_is_one_failure(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    documents, failures = read(write(tmp_path, name, content), max_bytes=1000)
    assert not documents
    assert len(failures) == 1
    assert failures[0].stage == "read"
    assert message in failures[0].message


def test_a_key_taken_before_is_reported_and_the_first_holds(tmp_path: Path) -> None:
    first = write(tmp_path, "a/x.txt", "first")
    second = write(tmp_path, "b/x.txt", "second")
    documents, (failure,) = read(first, second)
    assert [document.text for document in documents] == ["first"]
    assert failure.error == "DuplicateKey"


def test_a_file_named_by_two_sources_is_read_once(tmp_path: Path) -> None:
    path = write(tmp_path, "x.txt", "once")
    documents, failures = read(tmp_path, path)
    assert len(documents) == 1
    assert not failures


def test_links_out_of_the_source_are_skipped_and_reported(tmp_path: Path) -> None:
    secret = write(tmp_path, "secret.txt", "secret")
    inside = write(tmp_path, "in/a.txt", "open")
    (tmp_path / "in/out.txt").symlink_to(secret)
    (tmp_path / "in/dead.txt").symlink_to(tmp_path / "in/none.txt")
    (tmp_path / "in/up").symlink_to(tmp_path)
    documents, failures = read(tmp_path / "in")
    assert [document.source for document in documents] == [str(inside)]
    assert {failure.item_id for failure in failures} == {"out.txt", "dead.txt"}


def test_pipes_are_never_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    documents, (failure,) = read(tmp_path)
    assert not documents
    assert "not a regular file" in failure.message


def test_what_the_listing_leaves_out_is_counted(tmp_path: Path) -> None:
    for name in ("a.txt", ".hidden.txt", "photo.png", ".git/x.txt"):
        write(tmp_path, name, "x")
    listing = list_files([tmp_path])
    assert [file.key for file in listing.files] == ["a.txt"]
    assert listing.ignored == (".git", ".hidden.txt", "photo.png")
    assert listing.size == 1


def test_a_missing_source_names_near_ones(tmp_path: Path) -> None:
    write(tmp_path, "articles/a.txt", "x")
    with pytest.raises(DataError, match=r'no file or folder .*did you mean ".*articles"'):
        list(read_documents([tmp_path / "artcles"]))


def test_a_file_of_an_unknown_kind_given_by_name_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="of no kind that can be read"):
        list(read_documents([write(tmp_path, "a.png", b"x")]))


def test_names_of_any_bytes_become_clean_keys(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"bad\xff\nname.txt")).write_text("x")
    (document,), _ = read(tmp_path)
    assert document.key.endswith("name.txt")
    assert "\n" not in document.key
    document.key.encode("utf-8")


def test_a_file_gone_after_the_listing_is_a_failure(tmp_path: Path) -> None:
    from graphrag.documents import read_file

    path = write(tmp_path, "a.txt", "x")
    (file,) = list_files([path]).files
    path.unlink()
    (failure,) = read_file(file)
    assert isinstance(failure, Failure)
    assert "No such file" in failure.message


def test_heavy_readers_are_loaded_on_use() -> None:
    heavy = ("lxml", "pypdf", "docx", "trafilatura")
    code = f"import graphrag.documents, sys; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
