"""Names as keys: when two spellings are one name.

`normal_form` is blind to what is only typography (case, accents, punctuation, width, honorifics,
blanks in Hangul and Han). `bare_form` also drops what people leave off (articles, legal forms,
offices); two names with one bare form are candidates for one entity, never the same key, because
"The Room" and "Room" may be two films. Both are idempotent and never empty for a name that is not.
"""

import re
import unicodedata
from functools import lru_cache

_LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h", "ŧ": "t"}
)
# Joined to the word before or after; everything else that is not a word character parts words.
_SILENT = re.compile(
    "['\u2019\u2018`\u00b4\u02bb-\u02bf\u00b7\u00ad\u200b-\u200f\u2060\ufeff\u202a-\u202e\u2066-\u2069\ufe00-\ufe0f]"
)
_GROUPED = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_PARTING = re.compile(r"[^\w.+#]|_")
_DOT = re.compile(r"(?<!\d)\.|\.(?!\d)")
_SIGN = re.compile(r"(?<![\w+#])[+#]+|[+#]+(?=\w)")
_WIDE = "\u1100-\u11ff\u3040-\u30ff\u3130-\u318f\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3"
_ROMAN = re.compile("x{0,3}(?:ix|iv|v?i{0,3})")
_WIDE_GAP = re.compile(f"(?<=[{_WIDE}]) (?=[{_WIDE}])")
_PLAIN = re.compile(r"[a-z0-9]+(?: [a-z0-9]{2,})*")


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_HONORIFICS = _set("mr mrs ms miss mx dr prof professor sir dame rev reverend hon")
_ARTICLES = _set("the a an")
_LINKING = _set("of in for to and at on the de du von van la")
_OFFICES = _set(
    "president senator governor mayor chancellor judge justice king queen prince princess emperor "
    "empress pope lord lady count countess duke duchess baron baroness captain colonel "
    "lieutenant sergeant admiral general major commander brother sister father mother archbishop bishop "
    "cardinal sultan sheikh imam rabbi secretary minister ambassador congressman congresswoman "
    "representative coach"
)
_SHORTENED = {
    "st": "saint",
    "ste": "sainte",
    "mt": "mount",
    "ft": "fort",
    "univ": "university",
    "intl": "international",
}
_LEGAL = _set(
    "inc incorporated corp corporation co company companies ltd limited llc llp lp plc gmbh mbh ag kg "
    "kgaa ohg se sa sas sarl sarlu srl sro spa nv bv vof oy oyj ab asa as aps kk gk pty pte pvt bhd sdn "
    "berhad jsc pjsc ooo oao pao zao tbk holding holdings group sl slu sac ltda eirl eg ev und cie"
)
_LEGAL_WIDE = (
    "주식회사",
    "유한책임회사",
    "유한회사",
    "합자회사",
    "재단법인",
    "사단법인",
    "株式会社",
    "有限会社",
    "合同会社",
    "合資会社",
    "股份有限公司",
    "有限责任公司",
    "有限責任公司",
    "有限公司",
)
_LEGAL_WIDE_SHORT = re.compile(r"\((?:주|유|재|사|株|有)\)")
_QUALIFIER = re.compile(r"^(.*\S)\s*[(\uff08]([^()\uff08\uff09]{1,80})[)\uff09]$", re.DOTALL)

# "the Company" in a contract stands for someone, but names nobody.
_GENERIC = _set(
    "company firm bank group agency department ministry university school college city town village "
    "country state government court president director founder author film movie song album book novel "
    "team club party church museum hospital river island mountain company corporation organization "
    "organisation association foundation he she it they him her them his hers its their who which that "
    "this these those i we you us me"
)


@lru_cache(maxsize=200_000)
def normal_form(name: str) -> str:
    """The key of a name: equal for spellings that differ in typography alone.

    Case, width and composition are folded; accents fall from Latin and Greek letters, not from
    scripts where a mark makes another letter; apostrophes fall, other punctuation parts words, "&"
    is "and"; initials written apart are joined ("J. K." is "jk"); honorifics fall where two words
    remain; Hangul and Han are written without blanks. Letters that look alike in two scripts stay
    different. Idempotent; "" only for blanks. O(len(name)).
    """
    folded = name.casefold()
    if folded.isascii() and _PLAIN.fullmatch(folded):
        words = folded.split(" ")
    else:
        folded = _fold(name)
        if not folded.isascii():
            folded = _LEGAL_WIDE_SHORT.sub(" ", folded)
        words = _words(folded)
    while len(words) > 2 and words[0] in _HONORIFICS:
        words = words[1:]
    normal = " ".join(words)
    if not normal.isascii():
        normal = _WIDE_GAP.sub("", normal)
    # A name of punctuation alone ("!!!", a film) is still a name.
    return normal or " ".join(name.casefold().split())


def _fold(name: str) -> str:
    text = unicodedata.normalize("NFKC", name).casefold()
    if not text.isascii():
        text = _without_accents(text).translate(_LETTERS)
    return text


def _without_accents(text: str) -> str:
    kept = []
    base = ""
    for char in unicodedata.normalize("NFD", text):
        if unicodedata.combining(char):
            # Marks make other letters in Cyrillic, kana or Devanagari; accents only in these two, and
            # nothing on what parts words: left alone there, they would stand on the blank in its place.
            latin = base.isascii() or "\u00c0" <= base <= "\u03ff" or "\u1e00" <= base <= "\u1fff"
            if not (latin or unicodedata.category(base)[0] in "CPSZ"):
                kept.append(char)
        else:
            if not _SILENT.fullmatch(char):
                base = char
            kept.append(char)
    return unicodedata.normalize("NFC", "".join(kept))


def _words(text: str) -> list[str]:
    text = _GROUPED.sub("", _SILENT.sub("", text).replace("&", " and "))
    if text.isascii():
        text = _PARTING.sub(" ", text)
    else:
        # Marks are vowels in the scripts of India and Thailand, which \\w does not know for letters.
        text = "".join(
            char if char.isalnum() or char in ".+#" or unicodedata.category(char)[0] == "M" else " "
            for char in text
        )
    text = _SIGN.sub(" ", _DOT.sub(" ", text))
    return _join_initials(text.split())


def _join_initials(words: list[str]) -> list[str]:
    joined: list[str] = []
    open_run = False
    for word in words:
        single = len(word) == 1 and word.isalpha() and word < "\u0250"
        if single and open_run:
            joined[-1] += word
        else:
            joined.append(word)
        open_run = single
    return joined


@lru_cache(maxsize=200_000)
def bare_form(normal: str) -> str:
    """What is left of a normal form without article, office and legal form, abbreviations spelt out.

    "the beatles" gives "beatles", "ford motor company" gives "ford motor", "삼성전자주식회사" gives
    "삼성전자", "queen elizabeth ii" gives "elizabeth ii", "st petersburg" gives "saint petersburg".
    Never empty.
    """
    if not normal.isascii():
        normal = _without_wide_legal(normal)
    words = normal.split(" ")
    if len(words) > 1:
        if words[0] in _ARTICLES and len(normal) > len(words[0]) + 4:
            words = words[1:]
        words = [*(_SHORTENED.get(word, word) for word in words[:-1]), words[-1]]
    words = words[len(office_of(words)) :]
    while len(words) > 1 and (words[-1] in _LEGAL or (words[-1] == "and" and len(words) > 2)):
        words = words[:-1]
    return " ".join(words)


def office_of(words: list[str]) -> list[str]:
    """The offices that a person's name begins with; [] where they are all of it.

    "King of Norway" names an office, not somebody who holds it.
    """
    count = 0
    while len(words) - count > 2 and words[count] in _OFFICES:
        count += 1
    return [] if words[count] in _LINKING else words[:count]


def _without_wide_legal(normal: str) -> str:
    for form in _LEGAL_WIDE:
        if normal.startswith(form) and len(normal) > len(form):
            return normal[len(form) :].strip()
        if normal.endswith(form) and len(normal) > len(form):
            return normal[: -len(form)].strip()
    return normal


def split_qualifier(title: str) -> tuple[str, str]:
    """Part a title from what tells it from others: "Ring (1998 film)" gives ("Ring", "1998 film").

    The qualifier is "" where there is none.
    """
    match = _QUALIFIER.match(title.strip())
    return (match.group(1), match.group(2).strip()) if match else (title.strip(), "")


def is_roman(word: str) -> bool:
    """Whether a word of a normal form is a small Roman number, as rulers bear it."""
    return bool(word) and _ROMAN.fullmatch(word) is not None


def is_generic(name: str) -> bool:
    """Whether a name is a word for a kind of thing or a pronoun ("the Company"), which names nobody.

    Capitals throughout tell an acronym: "WHO" and "U.S." are names.
    """
    normal = normal_form(name)
    if not any(char.isalnum() for char in normal):
        return True
    if bare_form(normal) in _GENERIC:
        return not (name.isupper() and len(normal) < 6)
    return len(normal) > 1 and is_roman(normal)
