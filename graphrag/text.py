"""The one door for text: everything that enters the system from outside passes here.

Files, names, metadata, configuration values and model output are decoded and cleaned by the same
rule, so that what is stored can always be written to SQLite, JSON, XML and Neo4j, and equal text is
equal bytes. Offsets everywhere in the system count code points of the text *after* this door.
"""

import codecs
import math
import re
import unicodedata

from graphrag.errors import DataError

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16: its mark starts with UTF-16's
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# C0 and C1 controls but for tab and newline, and the two noncharacters XML cannot carry.
_DROPPED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]")
_NEWLINES = re.compile("\r\n|\r|\x85|\u2028|\u2029")
_REPLACED = re.compile("[\ud800-\udfff\ufffe\uffff]")
_MAX_INT = 2**63


def clean(text: str) -> str:
    """Put a string into the one form the system stores.

    Line ends become a newline; lone surrogates and U+FFFE/FFFF become U+FFFD; control characters
    but tab and newline go; the rest is composed (NFC). Idempotent; O(len(text)).
    """
    text = _NEWLINES.sub("\n", text)
    text = _DROPPED.sub("", text)
    text = _REPLACED.sub("\ufffd", text)
    return unicodedata.normalize("NFC", text)


def clean_line(text: str, *, max_length: int = 1000) -> str:
    """Clean a name or title: one line, single blanks, no blanks around, at most `max_length`."""
    return " ".join(clean(text).split())[:max_length].rstrip()


def decode(raw: bytes, *, name: str) -> str:
    """Decode a file's bytes by a stated rule and clean the result.

    A byte-order mark decides; otherwise UTF-8; otherwise Windows-1252, the usual form of old
    Western text. Binary content is refused rather than guessed at.

    Args:
        raw: The file's content.
        name: What to call the file in an error.

    Raises:
        DataError: If the content is binary or breaks the encoding its mark declares.
    """
    for mark, encoding in _BOMS:
        if raw.startswith(mark):
            try:
                return clean(raw[len(mark) :].decode(encoding))
            except UnicodeDecodeError as error:
                raise DataError(
                    f'"{name}" declares {encoding} but is not: {error.reason} at byte {error.start}; '
                    "save it again as UTF-8"
                ) from error
    if looks_binary(raw):
        raise DataError(f'"{name}" is a binary file, not text; convert it to text or leave it out')
    try:
        return clean(raw.decode("utf-8"))
    except UnicodeDecodeError:
        return clean(raw.decode("cp1252", errors="replace"))


def looks_binary(raw: bytes) -> bool:
    """Whether bytes without a byte-order mark are something else than text.

    A NUL byte, or more than a tenth of control bytes in the first 8 kB, says so.
    """
    head = raw[:8192]
    if b"\x00" in head:
        return True
    controls = sum(byte < 32 and byte not in (9, 10, 12, 13, 27) for byte in head)
    return controls * 10 > len(head)


def clean_value(value: object, *, depth: int = 0) -> object:
    """Clean metadata or parsed model output, recursively, into plain finite JSON data.

    Strings pass `clean`; an integer beyond 64 bits becomes a string; NaN and infinities become
    None; keys become strings; anything else than JSON data becomes its cleaned `str`.

    Raises:
        DataError: If it is nested deeper than 32 levels.
    """
    if depth > 32:
        raise DataError("metadata is nested deeper than 32 levels; flatten it")
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if -_MAX_INT <= value < _MAX_INT else str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {clean_line(str(key)): clean_value(item, depth=depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [clean_value(item, depth=depth + 1) for item in value]
    return clean(str(value))
