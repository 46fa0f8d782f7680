"""Where sentences begin and end, by rule: fast, with no model, for any script.

A blank line, heading, list item, table row or fence ends a block; a sentence never crosses a block.
Inside a block a stop ends a sentence unless it belongs to an abbreviation, an initial, a decimal or
a list number, or stands inside brackets. Where a stop after "Inc.", "U.S." or an initial could be
both, the next word decides: words that seldom stand in a name ("The", "He", "However") open a sentence.
"""

import re
from collections.abc import Iterator

from graphrag.datamodel import Span

# A run of stops with its closing quotes and note marks ([3]), then a blank or the end. The
# look-behind keeps the search from starting inside a run: a text of stops alone takes linear time.
_STOP = re.compile(
    r"(?<![.!?…])(?P<stop>[.!?…]++)[\"'”’»)\]]{0,3}(?=\s|\Z|\[\d)(?: ?\[\d{1,3}\])*"
    r"|(?P<wide>[。！？｡．।॥؟۔]++)[\"'”’»」』）】\])]{0,3}"
)
_YEAR_AHEAD = re.compile(r"\s*\(\d{4}")
_LINE = re.compile(r"[^\n]*\n?")
_OWN_BLOCK = re.compile(r"[ \t]{0,3}(?:#{1,6}[ \t]|[-*+•‣▪][ \t]|\(?\d{1,3}[.)][ \t]|\||>|```|~~~|\*{3,})")
_HEADING = re.compile(r"#{1,6}[ \t]|[^\n]+\n(?:={3,}|-{3,})\s*\Z")
_OPENERS = "\"'“‘«([{¿¡*_「『（【"
_TOKEN_BEFORE = re.compile(r"[^\s\"'“”‘’«»()\[\]{}]*\Z")
_LONGEST_TOKEN = 24  # characters looked at before a stop

# Never the end of a sentence before a capital or a number.
_LEADING = frozenset(
    """
    mr mrs ms mx dr prof rev hon gen col lt sgt capt cpl maj cmdr adm gov sen rep pres st ste mt ft
    fr sr vs cf viz al e.g i.e fig figs eq eqs vol vols ch chap ed eds trans repr nr approx ca c b r
    fl d m née ibid op cit messrs v mme mlle hr dipl ing bzw z.b u.a resp nos art sec abb
    """.split()  # noqa: SIM905
)
# An abbreviation before a number only ("No. 5", "p. 12", "Jan. 3").
_NUMBERED = frozenset(
    """
    no p pp jan feb mar apr jun jul aug sep sept oct nov dec pt pts sect para vers cap bk
    """.split()  # noqa: SIM905
)
# May end a sentence: the next word decides.
_TRAILING = frozenset(
    """
    inc ltd corp co bros jr snr esq llc plc s.a s.p.a gmbh ph.d m.d b.a m.a b.sc m.sc d.phil ll.d
    mfg assn dept univ u.s u.k u.n e.u u.s.a u.s.s.r d.c n.y l.a a.m p.m b.c a.d b.c.e c.e est ave
    blvd rd hwy mass calif conn fla ill ind kan mich minn miss mo mont nev okla ore pa tenn tex va
    vt wash wis ariz ark colo del ga a.k.a etc
    """.split()  # noqa: SIM905
)
# Legal forms that end a company's name, and a clause with a subject of its own after one of them:
# "Ann Lee, the founder's sister, ..." or "Ann Lee was ...". A role or a trade goes on with the name.
_LEGAL_FORMS = frozenset("inc ltd corp co llc plc".split())  # noqa: SIM905
_NEW_SUBJECT = re.compile(
    r"(?!(?:Vice|Chief|Chair\w*|President|Executive|Managing|Senior|General|Director|Manager|Officer|Founder"
    r"|Co-?[Ff]ounder|C[A-Z]O|Spokes\w+|Engineer|Analyst|Secretary|Treasurer|Group|Holdings?|Class|Records"
    r"|Pictures|Television|Studios?|Entertainment|Games|Publishing|Press|Shares?)\b)"
    r"[A-Z][\w'’-]+(?: [A-Z][\w'’-]+){1,2}"
    r"(?:, (?:an?|the|who|whose|his|her|its|then|now)| (?:is|was|has|had|became|took|led|\w{2,}ed))\b"
)
_OPENING_WORDS = frozenset(
    """
    the a an it its he she his her they their this that these those there in on at after before
    during from for with by as when while where although though however but and so if since until
    then thus what who why how which is are was were we our you your i my one some many most all
    both each every several other another according since despite following today later also only no
    not
    """.split()  # noqa: SIM905
)


def sentences(text: str) -> list[Span]:
    """Split a text into sentences, in order.

    Spans hold no blanks at their ends, do not overlap, and leave out nothing but blanks.
    O(len(text)); about 10 MB/s.
    """
    found: list[Span] = []
    for start, end in blocks(text):
        previous = start
        for position in _ends(text, start, end):
            _append(found, text, previous, position)
            previous = position
        _append(found, text, previous, end)
    return found


def blocks(text: str) -> Iterator[tuple[int, int]]:
    """Ranges of the text that no sentence crosses: paragraphs, headings, list items, table rows."""
    start, longest, previous = 0, 0, ""
    for match in _LINE.finditer(text):
        line = match.group()
        if not line:
            continue
        blank = not line.strip()
        if blank or _own_block(line) or _own_heading(previous) or _ends_short(previous, line, longest):
            if start < match.start():
                yield start, match.start()
            start, longest = match.start(), 0
        previous = "" if blank else line
        longest = max(longest, len(line))
    if start < len(text):
        yield start, len(text)


def is_heading(text: str) -> bool:
    """Whether a sentence is a Markdown heading, which belongs to what follows it."""
    return bool(_HEADING.match(text))


def _own_block(line: str) -> bool:
    return bool(_OWN_BLOCK.match(line))


def _own_heading(line: str) -> bool:
    return is_heading(line) or line.startswith(("|", "===", "---", "```", "~~~"))


def _ends_short(previous: str, line: str, longest: int) -> bool:
    """Whether a line ends its block by being short: a title, a line of verse or of an address.

    Text wrapped at a margin has lines of nearly one length, so a line of less than half the longest
    that carries no stop, before one that starts with a capital, was broken on purpose.
    """
    stripped = previous.rstrip()
    if not stripped or stripped[-1] in ",;:-–—&(" or not line.lstrip()[:1].isupper():
        return False
    return len(stripped) * 2 < max(longest, len(line.rstrip()))


def _append(found: list[Span], text: str, start: int, end: int) -> None:
    piece = text[start:end]
    stripped = piece.lstrip()
    if stripped:
        begin = end - len(stripped)
        found.append(Span(begin, begin + len(stripped.rstrip())))


def _ends(text: str, start: int, end: int) -> Iterator[int]:
    """Positions after which a new sentence starts, inside one block."""
    depth, counted, first = 0, start, start
    for match in _STOP.finditer(text, start, end):
        position = match.end()
        depth += text.count("(", counted, position) - text.count(")", counted, position)
        counted = position
        if depth > 0 and text.find(")", position, min(end, position + 200)) >= 0:
            continue
        if match.group("wide") is not None or _closes(text, first, match, end):
            depth, first = 0, position
            yield position


def _closes(text: str, first: int, match: "re.Match[str]", end: int) -> bool:
    """Whether the stops of `match` end the sentence that started at `first`."""
    after = _next_visible(text, match.end(), end)
    if after >= end:
        return True
    character = text[after]
    if character.islower():
        return False
    stop = match.group("stop")
    if stop != ".":
        return not _YEAR_AHEAD.match(text, match.end(), end)  # the title "Help!" (1965)
    window = text[max(first, match.start() - _LONGEST_TOKEN) : match.start()]
    token = _TOKEN_BEFORE.search(window)
    word = token.group() if token else ""
    if not word or match.end() - match.start() > 1:  # a closing quote, bracket or note follows the stop
        return True
    starts_sentence = not text[first : match.start() - len(word)].strip(_OPENERS + " \t\n")
    if word.lower() in _LEGAL_FORMS and not starts_sentence and _NEW_SUBJECT.match(text, after, end):
        return True
    return _word_can_end(word, character, _word_at(text, after, end), starts_sentence)


def _word_can_end(word: str, character: str, following: str, starts_sentence: bool) -> bool:
    lower = word.lower()
    if len(word) == 1 and word.isupper():
        return following in _OPENING_WORDS  # an initial, or "vitamin C."
    if starts_sentence and word.isdigit() and len(word) <= 3:
        return False  # "12. Name": a number of a list
    if lower in _LEADING:
        return False
    if lower in _NUMBERED:
        return not character.isdigit()
    if lower in _TRAILING or _is_dotted(word):
        return following in _OPENING_WORDS or (lower == "etc" and character.isupper())
    return True


def _is_dotted(word: str) -> bool:
    """Whether a word is initials with dots inside ("J.R", "U.S.S")."""
    parts = word.split(".")
    return len(parts) > 1 and all(len(part) == 1 and part.isupper() for part in parts)


def _next_visible(text: str, position: int, end: int) -> int:
    while position < end and (text[position].isspace() or text[position] in _OPENERS):
        position += 1
    return position


def _word_at(text: str, position: int, end: int) -> str:
    """Lower-case word at `position`; "" for an initial, so that "A." is not taken for the article."""
    stop = position
    while stop < end and stop - position < _LONGEST_TOKEN and text[stop].isalpha():
        stop += 1
    if stop - position == 1 and text.startswith(".", stop):
        return ""
    return text[position:stop].lower()
