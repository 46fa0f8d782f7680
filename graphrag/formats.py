"""What a file of each kind says: bytes in, title and text out.

Plain text and Markdown keep every character that passes the door (`graphrag.text`), so spans quote
the source; HTML, PDF and DOCX are converted, and spans quote the converted text. A title names what
the document is about, so one is only taken where the file itself states it.
"""

import io
import logging
import re
import warnings
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from graphrag.errors import DataError
from graphrag.text import clean, clean_line, decode, looks_binary

_LOG = logging.getLogger(__name__)
_MAX_TITLE = 200
_SHORT_PAGE = 1000  # characters; below it a page is all content, and telling it from menus is guesswork
_MAX_PAGES = 20_000
_MAX_ENTRIES = 10_000  # members of a .docx archive
_MAX_EXPANSION = 512 * 2**20  # bytes of all members together
_MAX_XML = 64 * 2**20  # bytes of one XML member

# Headings and metadata titles that name a part or a program, not a subject.
_NOT_TITLES = frozenset(
    [
        "abstract",
        "agenda",
        "appendix",
        "changelog",
        "contents",
        "document",
        "draft",
        "home",
        "index",
        "introduction",
        "minutes",
        "notes",
        "overview",
        "preface",
        "readme",
        "references",
        "report",
        "summary",
        "template",
        "title",
        "todo",
        "untitled",
    ]
) | {"table of contents", "release notes", "read me", "no title", "new document", "untitled document"}
_TOOL_TITLE = re.compile(
    r"^(microsoft (word|powerpoint|excel)\b|powerpoint presentation$|untitled|document ?\d*$|slide \d+$"
    r"|(chapter|section|part|page)\s+[\divxlc]+$)|\.(docx?|pdf|tex|dvi|indd|qxd|txt|md|html?|pptx?|rtf)$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Content:
    """What a file says; `title` is "" where it states none."""

    text: str
    title: str = ""


def read_plain(raw: bytes, *, name: str, stem: str) -> Content:
    """Read plain text. The file's stem is the title only if the text opens with those words.

    Raises:
        DataError: If the content is not text.
    """
    text = decode(raw, name=name)
    return Content(text, _title_from_opening(text, stem))


def read_markdown(raw: bytes, *, name: str, stem: str) -> Content:
    """Read Markdown, markup kept.

    The title is front matter's ``title:``, or a level-one heading that opens the file and is its
    only one (or bears the file's name): several mean chapters, not a subject.

    Raises:
        DataError: If the content is not text.
    """
    text = decode(raw, name=name)
    front = re.match(r"---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", text[:65536], re.DOTALL)
    if front:
        stated = re.search(r"^title:[ \t]*(.+)$", front[1], re.MULTILINE)
        if stated and (title := _as_title(stated[1].strip().strip("\"'"))):
            return Content(text, title)
    body = text[front.end() :] if front else text
    heading = re.match(r"\s*(?:#[ \t]+([^\n]+)|([^\n]{1,200})\n=+[ \t]*(?:\n|\Z))", body[:4096])
    if not heading:
        return Content(text, _title_from_opening(body, stem))
    title = _as_title(_unmarked(heading[1] or heading[2]))
    only = not re.search(r"^#[ \t]+\S", _FENCED.sub("", body[heading.end() :]), re.MULTILINE)
    return Content(text, title if only or _words(title) == _words(stem) else "")


def read_html(raw: bytes, *, name: str, stem: str) -> Content:
    """Read the main text of a web page; scripts, styles and navigation are left out.

    The title is the page's only ``h1`` where ``<title>`` contains it (a title often adds the name
    of the site), else ``<title>``.

    Raises:
        DataError: If the content is not text or not HTML.
    """
    import lxml.html

    if looks_binary(raw) and not raw.startswith((b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")):
        raise DataError(f'"{name}" is a binary file, not HTML; convert it or leave it out')
    page = _decode_html(raw, name)
    try:
        parser = lxml.html.HTMLParser(no_network=True, remove_comments=True, remove_pis=True)
        tree = lxml.html.document_fromstring(_XML_DECLARATION.sub("", page), parser=parser)
    except Exception as error:  # lxml has several ways to refuse; each means the same here
        raise DataError(f'"{name}" cannot be read as HTML: {error}') from error
    headline = [clean_line("".join(map(str, node.itertext()))) for node in tree.iter("h1")]
    stated = clean_line(tree.findtext(".//title") or "")
    title = headline[0] if len(headline) == 1 and headline[0] in (stated or headline[0]) else stated
    text = _block_text(tree)
    if len(text) > _SHORT_PAGE:
        text = _main_text(page) or text
    return Content(clean(text), _as_title(title))


def read_pdf(raw: bytes, *, name: str, stem: str) -> Content:
    """Read the text layer of a PDF, a blank line between pages, words split at line ends joined.

    The title is the one in its metadata, unless a program wrote that itself.

    Raises:
        DataError: If it is damaged, locked by a password or too long.
    """
    import pypdf

    _hush("pypdf")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            reader = pypdf.PdfReader(io.BytesIO(raw), strict=False)
            if reader.is_encrypted and not reader.decrypt(""):
                raise DataError(f'"{name}" is locked by a password; save a copy without one')
            if len(reader.pages) > _MAX_PAGES:
                raise DataError(f'"{name}" has {len(reader.pages)} pages, more than {_MAX_PAGES}; split it')
            pages = [page.extract_text() for page in reader.pages]
            title = str(reader.metadata.get("/Title") or "") if reader.metadata else ""
    except DataError:
        raise
    except Exception as error:  # damaged files fail in every way pypdf knows, recursion included
        raise DataError(f'"{name}" cannot be read as PDF: {type(error).__name__}: {error}') from error
    text = _SPLIT_WORD.sub(r"\1\2", clean("\n\n".join(page.strip() for page in pages)))
    if not text.strip() and pages:
        raise DataError(f'"{name}" has no text layer (scanned pages?); run OCR on it first')
    return Content(text, _as_title(title))


def read_docx(raw: bytes, *, name: str, stem: str) -> Content:
    """Read paragraphs and tables of a Word document in order, a blank line between paragraphs.

    The title is the one in its properties, else a first paragraph styled as title or top heading.

    Raises:
        DataError: If it is damaged, declares a DOCTYPE or expands beyond bounds.
    """
    import docx

    _check_archive(raw, name)
    try:
        document = docx.Document(io.BytesIO(raw))
        blocks = [block for block in _docx_blocks(document) if block[1].strip()]
        title = document.core_properties.title or ""
    except Exception as error:  # python-docx lets lxml, zipfile and key errors through
        raise DataError(f'"{name}" cannot be read as DOCX: {type(error).__name__}: {error}') from error
    if not _as_title(title) and blocks and blocks[0][0] in ("Title", "Heading 1"):
        title = blocks[0][1]
    return Content(clean("\n\n".join(text for _, text in blocks)), _as_title(title))


Reader = Callable[..., Content]
READERS: Mapping[str, Reader] = {
    ".txt": read_plain,
    ".text": read_plain,
    ".md": read_markdown,
    ".markdown": read_markdown,
    ".html": read_html,
    ".htm": read_html,
    ".pdf": read_pdf,
    ".docx": read_docx,
}

_FENCED = re.compile(r"^(```|~~~).*?^\1", re.DOTALL | re.MULTILINE)
_SPLIT_WORD = re.compile(r"([^\W\d_])[-\u00ad]\n([^\W\d_A-Z])")
_XML_DECLARATION = re.compile(r"^\s*<\?xml[^>]{0,200}\?>")
_META_CHARSET = re.compile(rb"<meta[^>]{0,200}charset=[\"']?([\w-]{1,40})", re.IGNORECASE)
_DROPPED_TAGS = frozenset(
    [
        "script",
        "style",
        "noscript",
        "template",
        "svg",
        "math",
        "head",
        "nav",
        "iframe",
        "object",
        "form",
        "button",
        "select",
    ]
)
_BLOCK_TAGS = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "dd",
        "div",
        "dl",
        "dt",
        "figcaption",
        "figure",
        "footer",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "li",
        "main",
        "ol",
        "p",
        "pre",
        "section",
        "table",
        "tr",
        "ul",
        "br",
    ]
)


def _hush(library: str) -> None:
    """Keep a library's warnings off the terminal where the program has set up no logging."""
    logger = logging.getLogger(library)
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())


def _as_title(text: str) -> str:
    title = clean_line(text, max_length=_MAX_TITLE + 1)
    if len(title) > _MAX_TITLE or title.casefold() in _NOT_TITLES or _TOOL_TITLE.search(title):
        return ""
    return title if any(character.isalnum() for character in title) else ""


def _unmarked(heading: str) -> str:
    """Take Markdown's own marks off a heading: closing hashes, emphasis, links, anchors."""
    heading = re.sub(r"[ \t]+#+[ \t]*$", "", heading)
    heading = re.sub(r"[ \t]*\{#[\w-]+\}[ \t]*$", "", heading)
    heading = re.sub(r"!?\[([^\[\]]*)\]\([^()]*\)", r"\1", heading)
    return re.sub(r"(\*\*|__|\*|`)(.+?)\1", r"\2", heading)


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.replace("_", " ").casefold())


def _title_from_opening(text: str, stem: str) -> str:
    """Give the words of `stem` as they stand at the very start of the text, or ""."""
    words = _words(stem)
    if not words or not any(word.isalpha() and len(word) > 2 for word in words):
        return ""
    pattern = r"[\W_]+".join(re.escape(word) for word in words)
    opening = re.match(rf"\W*(?:(?:the|an?)\s+)?({pattern})\b", text[:1000], re.IGNORECASE)
    if not opening or opening[1].islower():
        return ""
    return _as_title(opening[1])


def _decode_html(raw: bytes, name: str) -> str:
    charset = _META_CHARSET.search(raw[:4096])
    if charset and charset[1].lower() not in (b"utf-8", b"utf8") and not raw.startswith(b"\xef\xbb\xbf"):
        try:
            return clean(raw.decode(charset[1].decode("ascii")))
        except (UnicodeDecodeError, LookupError):
            pass  # a wrong declaration is common; the door's rule decides then
    return decode(raw, name=name)


def _main_text(page: str) -> str:
    import trafilatura

    _hush("trafilatura")
    try:
        text: str | None = trafilatura.extract(
            page, favor_recall=True, include_comments=False, include_tables=True, with_metadata=False
        )
    except Exception as error:  # it judges what matters; where it fails the caller takes everything
        _LOG.debug("trafilatura failed: %s", error)
        return ""
    # Its plain text puts one newline between paragraphs; a blank line is what ends one everywhere else.
    return re.sub(r"\n+", "\n\n", text) if text else ""


def _block_text(tree: Any) -> str:
    """Text of a parsed page with a blank line between blocks; iterative, so depth cannot hurt."""
    parts: list[str] = []
    skipped = None
    from lxml import etree

    for event, node in etree.iterwalk(tree, events=("start", "end")):
        if skipped is None and event == "start":
            if node.tag in _DROPPED_TAGS:
                skipped = node
                continue
            if node.tag in _BLOCK_TAGS:
                parts.append("\n\n")
            parts.append(node.text or "")
        elif event == "end":
            if skipped is node:
                skipped = None
            if skipped is None:
                parts.append("\n\n" if node.tag in _BLOCK_TAGS else "")
                parts.append(node.tail or "")
    blocks = (" ".join(block.split()) for block in "".join(parts).split("\n\n"))
    return "\n\n".join(block for block in blocks if block)


def _check_archive(raw: bytes, name: str) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            entries = archive.infolist()
            expanded = sum(entry.file_size for entry in entries)
            if len(entries) > _MAX_ENTRIES or expanded > _MAX_EXPANSION:
                raise DataError(f'"{name}" would expand to {expanded} bytes in {len(entries)} parts; refused')
            for entry in entries:
                if entry.filename.lower().endswith((".xml", ".rels")):
                    if entry.file_size > _MAX_XML:
                        raise DataError(
                            f'"{name}": part "{entry.filename}" is {entry.file_size} bytes; refused'
                        )
                    _refuse_doctype(archive.read(entry), f"{name}: {entry.filename}")
    except DataError:
        raise
    except Exception as error:  # bad archives raise BadZipFile, zlib.error, NotImplementedError, ...
        raise DataError(f'"{name}" is not a readable DOCX archive: {error}') from error


def _refuse_doctype(xml: bytes, name: str) -> None:
    # A part in UTF-16 hides its DOCTYPE from a search of bytes; without NULs it reads like ASCII.
    if b"<!doctype" in xml.replace(b"\x00", b"").lower():
        raise DataError(f'"{name}" declares a DOCTYPE, which documents never need; refused')


def _docx_blocks(document: Any) -> Iterator[tuple[str, str]]:
    for block in document.iter_inner_content():
        if hasattr(block, "rows"):
            yield "Table", "\n".join(_row_text(row) for row in block.rows)
        else:
            yield str(block.style.name if block.style is not None else ""), block.text


def _row_text(row: Any) -> str:
    cells, seen = [], None
    for cell in row.cells:
        if cell._tc is not seen:  # a merged cell is given once for each column it spans
            cells.append(" ".join(cell.text.split()))
        seen = cell._tc
    return " | ".join(cells)
