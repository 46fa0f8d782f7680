"""Files and folders of every supported kind -> `Document`.

Nothing is lost in silence: each file gives documents or a `Failure`, and what a listing leaves out
by rule is counted in `Listing.ignored`. Only regular files under the given roots are ever opened.
"""

import csv
import difflib
import gzip
import io
import json
import os
import stat
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from graphrag.datamodel import Document, Failure
from graphrag.errors import DataError
from graphrag.formats import READERS
from graphrag.ids import document_id
from graphrag.text import clean, clean_line, clean_value, decode

MAX_BYTES = 128 * 2**20
_TEXT_COLUMNS = ("text", "content", "body", "passage", "abstract", "article", "description")
_TITLE_COLUMNS = ("title", "name", "headline")
_KEY_COLUMNS = ("id", "key", "_id", "doc_id", "document_id")
_TABULAR = (".jsonl", ".ndjson", ".csv", ".tsv")
_MAX_METADATA = 100  # columns or keys taken along


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file to read.

    Attributes:
        key: Its path inside its source folder, with ``/``; for a file given by itself, its name.
        size: In bytes, when it was listed.
    """

    path: Path
    key: str
    size: int


@dataclass(frozen=True, slots=True)
class Listing:
    """What a set of sources holds, found without opening a file.

    Attributes:
        files: To be read, in the order of the sources and sorted by key in each.
        failures: Links that leave their root, devices, folders that cannot be listed.
        ignored: Keys of hidden files and of files of other kinds, sorted.
    """

    files: tuple[SourceFile, ...]
    failures: tuple[Failure, ...]
    ignored: tuple[str, ...]

    @property
    def size(self) -> int:
        """Bytes of all files, a measure of the work ahead."""
        return sum(file.size for file in self.files)


def read_documents(sources: Sequence[Path], *, max_bytes: int = MAX_BYTES) -> Iterator[Document | Failure]:
    """Read every document of the sources, files in listing order, lines and rows in file order.

    Args:
        sources: Files (.txt .md .html .pdf .docx .csv .tsv .jsonl, and .gz of the tabular kinds) or
            folders, searched to the bottom.
        max_bytes: Largest file read whole, and largest line of a JSONL file.

    Yields:
        Documents with keys unique in the call, and a `Failure` (stage "read") for each file, line
        or row that gives none. Where a key comes twice the first holds.

    Raises:
        DataError: If a source does not exist or is of no kind we read.
    """
    listing = list_files(sources)
    yield from listing.failures
    yield from unique_keys(item for file in listing.files for item in read_file(file, max_bytes=max_bytes))


def list_files(sources: Sequence[Path]) -> Listing:
    """Find the files of the sources. Cheap: one directory scan, nothing is opened.

    A file that two sources share is listed once, under the first.

    Raises:
        DataError: If a source does not exist or is of no kind we read; names near matches.
    """
    files: list[SourceFile] = []
    failures: list[Failure] = []
    ignored: list[str] = []
    for source in sources:
        _check_source(source)
        if source.is_dir():
            found = sorted(_walk(source, failures, ignored), key=lambda file: file.key)
            files.extend(found)
        else:
            files.append(SourceFile(source, _key(source.name), source.stat().st_size))
    by_path: dict[str, SourceFile] = {}
    for file in files:
        by_path.setdefault(os.path.realpath(file.path), file)
    return Listing(tuple(by_path.values()), tuple(failures), tuple(sorted(ignored)))


def read_file(file: SourceFile, *, max_bytes: int = MAX_BYTES) -> Iterator[Document | Failure]:
    """Read one listed file. Never raises for what it holds, or because it has gone."""
    suffix, _ = _kind(file.path.name)
    try:
        if suffix in (".jsonl", ".ndjson"):
            yield from _read_jsonl(file, max_bytes)
        elif suffix in (".csv", ".tsv"):
            yield from _read_csv(file, max_bytes, "\t" if suffix == ".tsv" else ",")
        else:
            raw = _read_whole(file, max_bytes)
            content = READERS[suffix](raw, name=file.key, stem=file.path.stem)
            yield _document(file.key, content.title, content.text, {}, str(file.path))
    except DataError as error:
        yield _failure(file.key, error)
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        yield Failure("read", file.key, type(error).__name__, f'cannot read "{file.key}": {reason}')


def make_document(
    text: str, *, key: str, title: str = "", source: str = "", metadata: Mapping[str, object] | None = None
) -> Document:
    """A document from a string, cleaned like one that was read from a file.

    Args:
        key: Names the document across versions; adding another with this key replaces it.
        title: Names what the document is about; leave it out where there is no real one.
        source: Where it comes from, for people.
        metadata: Plain JSON values.

    Raises:
        DataError: If the key is empty or the metadata is no plain data.
    """
    key = clean_line(key)
    if not key:
        raise DataError("a document needs a key that names it; give one that stays the same across versions")
    return _document(key, title, clean(text), metadata or {}, source)


def unique_keys(items: Iterator[Document | Failure]) -> Iterator[Document | Failure]:
    """Pass items on, and put a `Failure` in the place of a document whose key came before."""
    sources: dict[str, str] = {}
    for item in items:
        if isinstance(item, Document):
            first = sources.setdefault(item.key, item.source)
            if first is not item.source:
                yield Failure(
                    "read",
                    item.key,
                    "DuplicateKey",
                    f'key "{item.key}" of "{item.source}" is already taken by "{first}"; '
                    "keys must be unique: rename one, or build from their common folder",
                )
                continue
        yield item


def _kind(name: str) -> tuple[str, bool]:
    """Lower-case suffix and whether the file is gzipped; ("", False) for kinds we do not read."""
    lower = name.lower()
    zipped = lower.endswith(".gz")
    suffix = Path(lower[:-3] if zipped else lower).suffix
    known = suffix in _TABULAR or (suffix in READERS and not zipped)
    return (suffix, zipped) if known else ("", False)


def _key(path: str) -> str:
    return clean_line(path.encode("utf-8", "replace").decode("utf-8"))


def _check_source(source: Path) -> None:
    try:
        mode = source.stat().st_mode
    except FileNotFoundError as error:
        near = difflib.get_close_matches(source.name, _names(source.parent), n=3)
        hint = ", ".join(f'"{source.parent / name}"' for name in near)
        raise DataError(
            f'no file or folder "{source}"' + (f"; did you mean {hint}?" if near else "")
        ) from error
    except OSError as error:
        raise DataError(f'cannot look at "{source}": {error.strerror}') from error
    if stat.S_ISDIR(mode):
        return
    if not stat.S_ISREG(mode):
        raise DataError(f'"{source}" is a pipe, socket or device, not a file or folder')
    if not _kind(source.name)[0]:
        kinds = " ".join(sorted({*READERS, *_TABULAR}))
        raise DataError(f'"{source}" is of no kind that can be read; known: {kinds}')


def _names(folder: Path) -> list[str]:
    try:
        return sorted(path.name for path in folder.iterdir())
    except OSError:
        return []


def _walk(root: Path, failures: list[Failure], ignored: list[str]) -> Iterator[SourceFile]:
    """Regular files under `root`; links are followed to files, and only inside the root."""
    real_root = os.path.realpath(root)
    folders = [""]
    while folders:
        folder = folders.pop()
        try:
            entries = sorted(os.scandir(root / folder), key=lambda entry: entry.name)
        except OSError as error:
            failures.append(_failure(_key(folder) or str(root), error))
            continue
        for entry in entries:
            path = f"{folder}/{entry.name}" if folder else entry.name
            key = _key(path)
            if entry.name.startswith("."):
                ignored.append(key)
            elif entry.is_dir(follow_symlinks=False):
                folders.append(path)
            elif not _kind(entry.name)[0]:
                ignored.append(key)
            elif problem := _unsafe(entry, real_root):
                failures.append(Failure("read", key, "Skipped", f'skipped "{key}": {problem}'))
            else:
                yield SourceFile(root / path, key, entry.stat().st_size)


def _unsafe(entry: "os.DirEntry[str]", real_root: str) -> str | None:
    if entry.is_symlink():
        target = Path(os.path.realpath(entry.path))
        if not target.is_relative_to(real_root):
            return "it is a link that leaves the source folder"
        if not target.exists():
            return "it is a link to nothing"
    return None if entry.is_file() else "it is not a regular file"


def _open(file: SourceFile) -> IO[bytes]:
    """Open a regular file and nothing else: a pipe put in its place must not block us."""
    descriptor = os.open(file.path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise DataError(f'"{file.key}" is not a regular file')
    stream = os.fdopen(descriptor, "rb")
    if _kind(file.path.name)[1]:
        # The caller closes the outer stream; gzip closes the inner one only if it opened it.
        unzipped = gzip.GzipFile(fileobj=stream)
        unzipped.myfileobj = stream  # type: ignore[assignment]
        return unzipped  # type: ignore[return-value]
    return stream


def _read_whole(file: SourceFile, max_bytes: int) -> bytes:
    with _open(file) as stream:
        raw = stream.read(max_bytes + 1)
    if len(raw) > max_bytes:
        raise DataError(f'"{file.key}" holds more than {max_bytes} bytes; split it')
    return raw


def _read_jsonl(file: SourceFile, max_bytes: int) -> Iterator[Document | Failure]:
    """One object per line: {"id"?, "title"?, "text", "metadata"?}; streamed."""
    empty = True
    with _open(file) as stream:
        number = 0
        while raw := stream.readline(max_bytes + 1):
            number += 1
            item_id = f"{file.key}#{number}"
            if len(raw) > max_bytes:
                raise DataError(f'"{item_id}" is longer than {max_bytes} bytes; nothing after it was read')
            if number == 1 and raw.startswith((b"\xff\xfe", b"\xfe\xff")):
                raise DataError(f'"{file.key}" is UTF-16; save it as UTF-8, as JSON lines must be')
            if not raw.strip(b" \t\r\n\xef\xbb\xbf"):
                continue
            empty = False
            try:
                yield _from_json(raw, item_id, f"{file.path}:{number}")
            except DataError as error:
                yield _failure(item_id, error)
    if empty:
        raise DataError(f'"{file.key}" is empty')


def _from_json(raw: bytes, item_id: str, source: str) -> Document:
    try:
        record = json.loads(decode(raw, name=item_id))
    except (ValueError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise DataError(f'"{item_id}" is not a JSON object on one line: {reason}') from error
    if not isinstance(record, dict):
        raise DataError(f'"{item_id}" must be a JSON object with a "text", not a {type(record).__name__}')
    text, title = record.get("text"), record.get("title")
    if not isinstance(text, str):
        keys = ", ".join(sorted(map(str, record))[:10]) or "none"
        raise DataError(f'"{item_id}" has no "text" string; its keys: {keys}')
    if title is not None and not isinstance(title, str):
        raise DataError(f'"{item_id}": "title" must be a string, not {type(title).__name__}')
    key = record.get("id")
    if key is not None and (isinstance(key, bool) or not isinstance(key, str | int)):
        raise DataError(f'"{item_id}": "id" must be a string or a whole number, not {type(key).__name__}')
    metadata = record.get("metadata")
    if metadata is not None and not isinstance(metadata, dict):
        raise DataError(f'"{item_id}": "metadata" must be an object, not {type(metadata).__name__}')
    return _document(item_id if key is None else str(key), title or "", text, metadata or {}, source)


def _read_csv(file: SourceFile, max_bytes: int, delimiter: str) -> Iterator[Document | Failure]:
    """One row per document; the first row names the columns.

    The text is the first column called text, content, body, passage, abstract, article or
    description (any case); a title and an id column are taken if there, other columns go into the
    metadata.
    """
    text = decode(_read_whole(file, max_bytes), name=file.key)
    previous = csv.field_size_limit(max_bytes)
    try:
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        header = [clean_line(name) for name in next(rows, [])]
        columns = _Columns.find(header, file.key)
        for number, row in enumerate(rows, start=1):
            if any(cell.strip() for cell in row):
                yield _from_row(row, header, columns, f"{file.key}#{number}", f"{file.path}:{rows.line_num}")
    except csv.Error as error:
        raise DataError(f'"{file.key}" cannot be read as CSV: {error}; nothing after it was read') from error
    finally:
        csv.field_size_limit(previous)


@dataclass(frozen=True, slots=True)
class _Columns:
    text: int
    title: int | None
    key: int | None

    @classmethod
    def find(cls, header: Sequence[str], name: str) -> "_Columns":
        lowered = [column.casefold() for column in header]

        def first(names: Sequence[str]) -> int | None:
            return next((lowered.index(column) for column in names if column in lowered), None)

        text = first(_TEXT_COLUMNS)
        if text is None:
            raise DataError(
                f'"{name}" has no text column: its first row must name one of {", ".join(_TEXT_COLUMNS)}; '
                f"it names {', '.join(header[:20]) or 'nothing'}"
            )
        return cls(text, first(_TITLE_COLUMNS), first(_KEY_COLUMNS))


def _from_row(
    row: Sequence[str], header: Sequence[str], columns: _Columns, item_id: str, source: str
) -> Document | Failure:
    def cell(column: int | None) -> str:
        return row[column] if column is not None and column < len(row) else ""

    taken = (columns.text, columns.title, columns.key)
    metadata = {
        name: value
        for index, (name, value) in enumerate(zip(header, row, strict=False))
        if index not in taken and name and value
    }
    try:
        if len(row) > len(header):
            raise DataError(f'"{item_id}" has {len(row)} cells under {len(header)} columns; quote its commas')
        return _document(
            cell(columns.key) or item_id, cell(columns.title), cell(columns.text), metadata, source
        )
    except DataError as error:
        return _failure(item_id, error)


def _document(key: str, title: str, text: str, metadata: Mapping[str, object], source: str) -> Document:
    """Put all parts through the door and name the result.

    Raises:
        DataError: If the text is blank, the key is, or the metadata is too deep or too wide.
    """
    key, title, text = clean_line(key), clean_line(title), clean(text)
    if not key:
        raise DataError(f'a document of "{source}" has a blank id; leave "id" out or give it a name')
    if not text.strip():
        raise DataError(f'"{key}" is empty: it holds no text')
    if len(metadata) > _MAX_METADATA:
        raise DataError(f'"{key}" has {len(metadata)} metadata fields, more than {_MAX_METADATA}')
    cleaned = clean_value(dict(metadata))
    assert isinstance(cleaned, dict)
    name = document_id(key, title, text, cleaned)
    return Document(name, key, text, title, clean_line(_key(source)), cleaned)


def _failure(item_id: str, error: Exception) -> Failure:
    return Failure("read", item_id, type(error).__name__, str(error))
