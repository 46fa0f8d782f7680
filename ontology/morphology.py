"""Lemmas and word families of English by rule, small and deterministic.

Alignment compares a phrase of a text ("was founded by") with words of a schema ("founder"). Both are brought
to a normal form: lower case, no auxiliaries, articles or adverbs, verbs as lemmas, nouns singular. What a rule
cannot know (irregular forms) is in a table.
"""

from __future__ import annotations

import re
from functools import lru_cache

_WORD = re.compile(r"[^\W_]+(?:['’.-][^\W_]+)*", re.UNICODE)

BE = frozenset("be is was are were been being am 's 're 'm".split())
HAVE = frozenset("have has had having".split())
_DROPPED = frozenset(
    """a an the this that these those his her its their our my your will would shall should can could may might must do
    does did also later then now still currently originally first again once ever never soon already once both either
    eventually subsequently initially formerly previously recently finally officially mainly mostly primarily largely
    jointly briefly together just even only indeed however thus therefore often usually sometimes always well best
    who which whom whose there it he she they to-be new old former current previous late famous own early young""".split()
)
_KEPT_LY = frozenset(
    "family supply reply apply ally rely multiply assembly monopoly italy july fly july butterfly anomaly "
    "early daily weekly monthly yearly only comply imply holy bully rally".split()
)
PREPOSITIONS = frozenset(
    """of in on at by for from to with as into under about against during since until between within through over after
    before near around along across among onto upon via inside outside off alongside towards toward""".split()
)

_IRREGULAR_VERBS = {
    "arose arisen": "arise", "awoke awoken": "awake", "bore": "bear", "beat beaten": "beat", "became become": "become",
    "began begun": "begin", "bent": "bend", "bound": "bind", "bit bitten": "bite", "blew blown": "blow", "broke broken": "break",
    "brought": "bring", "built": "build", "burnt": "burn", "bought": "buy", "caught": "catch", "chose chosen": "choose",
    "came": "come", "dealt": "deal", "dug": "dig", "did done": "do", "drew drawn": "draw", "drove driven": "drive",
    "ate eaten": "eat", "fell fallen": "fall", "fed": "feed", "felt": "feel", "fought": "fight", "found": "find", "flew flown": "fly",
    "forbade forbidden": "forbid", "forgot forgotten": "forget", "froze frozen": "freeze", "got gotten": "get", "gave given": "give",
    "went gone": "go", "grew grown": "grow", "hung": "hang", "heard": "hear", "hid hidden": "hide", "held": "hold", "kept": "keep",
    "knew known": "know", "laid": "lay", "led": "lead", "left": "leave", "lent": "lend", "lay lain": "lie", "lost": "lose", "made": "make",
    "meant": "mean", "met": "meet", "paid": "pay", "rode ridden": "ride", "rang rung": "ring", "rose risen": "rise", "ran": "run",
    "said": "say", "saw seen": "see", "sought": "seek", "sold": "sell", "sent": "send", "shook shaken": "shake", "shone": "shine",
    "shot": "shoot", "showed shown": "show", "sang sung": "sing", "sank sunk": "sink", "sat": "sit", "slew slain": "slay", "slept": "sleep",
    "spoke spoken": "speak", "spent": "spend", "spun": "spin", "sprang sprung": "spring", "stood": "stand", "stole stolen": "steal",
    "stuck": "stick", "struck stricken": "strike", "swore sworn": "swear", "swam swum": "swim", "took taken": "take", "taught": "teach",
    "tore torn": "tear", "told": "tell", "thought": "think", "threw thrown": "throw", "understood": "understand", "woke woken": "wake",
    "wore worn": "wear", "won": "win", "withdrew withdrawn": "withdraw", "wrote written": "write", "co-wrote co-written": "co-write",
    "oversaw overseen": "oversee", "overcame": "overcome", "overthrew overthrown": "overthrow", "undertook undertaken": "undertake",
    "rewrote rewritten": "rewrite", "rebuilt": "rebuild", "lies lying": "lie", "dies dying died": "die", "ties tying tied": "tie",
    "begot begotten": "beget", "wed": "wed", "sung": "sing", "drank drunk": "drink", "underwent undergone": "undergo",
    "sired siring": "sire", "debuted debuting": "debut", "remarried": "remarry", "mothered": "mother", "fathered": "father",
    "programmed programming": "program", "starred starring stars": "star", "referred referring": "refer",
    "bordered bordering": "border", "offered offering": "offer", "covered covering": "cover", "entered entering": "enter",
    "discovered discovering": "discover", "authored authoring": "author", "edited editing": "edit", "visited visiting": "visit",
    "headed heading": "head", "inhabited inhabiting": "inhabit", "exhibited exhibiting": "exhibit", "credited crediting": "credit",
    "engineered engineering": "engineer", "pioneered pioneering": "pioneer", "mentored mentoring": "mentor", "tutored tutoring": "tutor",
    "honored honoring": "honor", "honoured honouring": "honour", "answered": "answer", "conferred conferring": "confer",
    "conquered": "conquer", "considered": "consider", "delivered": "deliver", "fostered": "foster", "governed": "govern",
    "triggered": "trigger", "murdered": "murder", "powered": "power", "registered": "register", "remembered": "remember",
    "rendered": "render", "served serving": "serve", "uncovered": "uncover", "headquartered": "headquarter",
    "interred interring": "inter", "neighbored neighbouring neighboring": "neighbor", "unveiled": "unveil", "revealed": "reveal",
    "appealed": "appeal", "labelled labeled": "label", "modelled modeled": "model", "travelled traveled": "travel",
    "developed developing": "develop", "opened opening": "open", "happened": "happen", "listened": "listen", "enlisted": "enlist",
    "composed composing": "compose", "promoted promoting": "promote", "created creating": "create", "hired hiring": "hire",
    "toured": "tour", "poured": "pour", "penned penning": "pen", "issued issuing": "issue", "valued": "value", "sued suing": "sue",
    "shut": "shut", "set": "set", "put": "put", "cut": "cut", "hit": "hit", "let": "let", "cast": "cast", "broadcast": "broadcast", "cost": "cost",
}  # fmt: skip
IRREGULAR = {form: lemma for forms, lemma in _IRREGULAR_VERBS.items() for form in forms.split()}
# "found" is the past of "find", but as a schema word and in passives it is nearly always "to found".
PAST_ONLY = {"founded": "found", "founding": "found", "founds": "found", "borne": "bear", "born": "born"}

_IRREGULAR_PLURALS = {
    "people": "person", "children": "child", "men": "man", "women": "woman", "wives": "wife", "lives": "life", "species": "species",
    "series": "series", "alumni": "alumnus", "alumnae": "alumna", "media": "medium", "genera": "genus", "taxa": "taxon",
    "businesses": "business", "headquarters": "headquarters", "bodies": "body", "corps": "corps", "news": "news", "works": "work",
    "movies": "movie", "heroes": "hero", "criteria": "criterion", "cities": "city", "personnel": "personnel", "spacecraft": "spacecraft",
    "aircraft": "aircraft", "feet": "foot", "leaves": "leaf", "halves": "half", "wolves": "wolf", "mice": "mouse", "axes": "axis",
    "always": "always", "has": "has", "is": "is", "was": "was", "chassis": "chassis", "lyrics": "lyrics", "politics": "politics",
    "physics": "physics", "mathematics": "mathematics", "olympics": "olympics", "economics": "economics",
}  # fmt: skip


def words(phrase: str) -> list[str]:
    """The lower-case words of a phrase or identifier; `s` of a possessive is dropped."""
    text = phrase.replace("_", " ")
    if " " not in text.strip():
        text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", text)
    found = [w.lower().replace("’", "'") for w in _WORD.findall(text)]
    return [w[:-2] if w.endswith("'s") else w for w in found if w not in ("s",)]


def content_words(phrase: str) -> tuple[list[str], bool]:
    """The words that carry meaning, and whether a form of `be` was dropped in front of them."""
    kept: list[str] = []
    copula = False
    tokens = words(phrase)
    for position, word in enumerate(tokens):
        if word in BE:
            copula = copula or not kept
        elif word in HAVE and position + 1 < len(tokens) and _is_auxiliary(tokens[position + 1 :]):
            continue
        elif word in _DROPPED or (word.endswith("ly") and word not in _KEPT_LY and len(word) > 4):
            continue
        else:
            kept.append(word)
    return kept, copula


def _is_auxiliary(following: list[str]) -> bool:
    rest = [w for w in following if w not in _DROPPED and not w.endswith("ly")]
    return bool(rest) and (rest[0] in BE or rest[0] in IRREGULAR or rest[0].endswith("ed") or rest[0] in PAST_ONLY)


@lru_cache(maxsize=65536)
def verb_lemmas(word: str) -> tuple[str, ...]:
    """Possible lemmas of a word read as a verb, likeliest first; unchanged words count as lemmas."""
    if word in PAST_ONLY:
        return (PAST_ONLY[word],)
    if word in IRREGULAR:
        lemma = IRREGULAR[word]
        return (lemma, word) if word == "found" else (lemma,)
    if word.endswith("ied") and len(word) > 4:
        return (word[:-3] + "y", word)
    if word.endswith("ed") and len(word) > 3:
        return _undo(word[:-2])
    if word.endswith("ing") and len(word) > 5:
        return _undo(word[:-3])
    if word.endswith("ies") and len(word) > 4:
        return (word[:-3] + "y",)
    if word.endswith(("sses", "shes", "ches", "xes", "zzes", "oes")):
        return (word[:-2],)
    if word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > 3:
        return (word[:-1],)
    return (word,)


def _undo(stem: str) -> tuple[str, ...]:
    """Lemma of a stem left by -ed or -ing: restore a dropped e, undo a doubled consonant."""
    if len(stem) > 3 and stem[-1] == stem[-2] and stem[-1] not in "lsfz":
        return (stem[:-1], stem)
    if len(stem) > 4 and stem.endswith("ll"):
        return (stem, stem[:-1])
    if _wants_e(stem):
        return (stem + "e", stem)
    return (stem, stem + "e")


def _wants_e(stem: str) -> bool:
    if len(stem) < 2 or stem[-1] in "aeiouy":
        return stem[-1:] == "u"
    if stem.endswith(("at", "iz", "is", "ys", "uc", "ut", "as", "os", "us", "ag", "in", "ir", "ur", "ar", "or", "iv", "ov", "av",
                      "ev", "rv", "lv", "c", "dg", "rg", "ng", "id", "od", "ud", "ap", "ib", "ub", "ok", "uk", "ak", "il", "ul",
                      "ol", "am", "im", "om", "um", "ot", "ns", "rs", "ls", "ps", "bl", "cl", "dl", "fl", "gl", "kl", "pl", "tl",
                      "zl", "z", "v", "it", "et")):  # fmt: skip
        return not stem.endswith(("eat", "oat", "ait", "aint", "eas", "ain", "ein", "oin", "air", "eer", "our", "oor", "ear", "oid",
                                  "aid", "oad", "oud", "oil", "ail", "eil", "oul", "oam", "oom", "eam", "aim", "eem", "ook", "eak",
                                  "oak", "sing", "ring", "bring", "long", "hang", "oot", "eet", "uit", "sit", "edit", "visit", "mit",
                                  "erit", "bit", "dit", "rit", "eng", "ang", "er", "on", "en", "inat_", "rup", "lish", "or_"))  # fmt: skip
    return False


@lru_cache(maxsize=65536)
def singular(word: str) -> str:
    """The singular of a noun; a word that is no plural stays as it is."""
    if word in _IRREGULAR_PLURALS:
        return _IRREGULAR_PLURALS[word]
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("sses", "shes", "ches", "xes", "zzes")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is", "ous")):
        return word[:-1]
    return word


def noun_key(phrase: str) -> str:
    """Normal form of a noun phrase: meaningful words, the last one singular, joined by blanks."""
    tokens = [w for w in words(phrase) if w not in ("a", "an", "the")]
    if tokens:
        tokens[-1] = singular(tokens[-1])
    return " ".join(tokens)


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """A stem shared by the words of a family: illustrate, illustrator, illustration; design, designer.

    Cruder than a lemma, and only compared with other stems.
    """
    base = verb_lemmas(word)[0] if word.endswith(("ed", "ing")) else singular(word)
    for ending in ("isation", "ization", "ifications", "ification", "ation", "ition", "ution", "ction", "ption", "sion", "tion",
                   "ments", "ment", "ance", "ence", "ator", "itor", "ctor", "ptor", "ssor", "er", "or", "ist", "ing", "al", "ure",
                   "age", "ship", "ery", "ive"):  # fmt: skip
        if base.endswith(ending) and len(base) - len(ending) >= 3:
            kept = {"ctor": "ct", "ction": "ct", "ption": "pt", "ptor": "pt", "ator": "at", "ation": "at", "itor": "it",
                    "ition": "it", "ution": "ut", "sion": "s", "tion": "t", "ssor": "ss", "isation": "iz", "ization": "iz",
                    "ification": "ify", "ifications": "ify"}.get(ending, "")  # fmt: skip
            base = base[: -len(ending)] + kept
            break
    if len(base) > 4 and base[-1] == base[-2] and base[-1] not in "ls":
        base = base[:-1]
    base = base[:-1] if base.endswith("e") and len(base) > 3 else base
    base = base.replace("is", "iz") if base.endswith("is") else base
    return base[:-1] + "i" if base.endswith("y") and len(base) > 3 else base
