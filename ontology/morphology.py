"""Lemmas and word families of English by rule, small and deterministic.

Alignment compares a phrase of a text ("was founded by") with words of a schema ("founder"). Both are
brought to a normal form: lower case, no auxiliaries, articles or adverbs, verbs as lemmas, nouns singular.
What a rule cannot know (irregular forms) is in a table.
"""

from __future__ import annotations

import re
from functools import lru_cache

_WORD = re.compile(r"[^\W_]+(?:['’.-][^\W_]+)*", re.UNICODE)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _forms(text: str) -> dict[str, str]:
    """Form to base, from a table of entries "base form form, base form"."""
    entries = (entry.split() for entry in text.split(","))
    return {form: base for base, *forms in entries for form in forms}


BE = _words("be is was are were been being am 's 're 'm")
HAVE = _words("have has had having")
_DROPPED = _words(
    """
    a an the this that these those his her its their our my your will would shall should can could may
    might must do does did also later then now still currently originally first again once ever never soon
    already both either eventually subsequently initially formerly previously recently finally officially
    mainly mostly primarily largely jointly briefly together just even only indeed however thus therefore
    often usually sometimes always well best who which whom whose there it he she they new old former
    current previous late famous own early young second third fourth fifth sixth seventh eighth ninth
    tenth eleventh twelfth last next longtime long-time long-serving then-current
    """
)
# Words in -ly that are no adverbs.
_KEPT_LY = _words(
    """
    ally anomaly apply assembly bully butterfly comply daily early family fly holy imply italy july
    monopoly monthly multiply only rally rely reply supply weekly yearly
    """
)
PREPOSITIONS = _words(
    """
    about across after against along alongside among around as at before between by during for from in
    inside into near of off on onto outside over since through to toward towards under until upon via with
    within
    """
)
# Each entry is a lemma and those of its forms that the spelling rules below would get wrong.
IRREGULAR = _forms(
    """
    arise arose arisen, awake awoke awoken, bear bore, beat beat beaten, become became become, begin began
    begun, bend bent, bind bound, bite bit bitten, blow blew blown, break broke broken, bring brought,
    build built, burn burnt, buy bought, catch caught, choose chose chosen, come came, deal dealt, dig
    dug, do did done, draw drew drawn, drive drove driven, eat ate eaten, fall fell fallen, feed fed, feel
    felt, fight fought, find found, fly flew flown, forbid forbade forbidden, forget forgot forgotten,
    freeze froze frozen, get got gotten, give gave given, go went gone, grow grew grown, hang hung, hear
    heard, hide hid hidden, hold held, keep kept, know knew known, lay laid, lead led, leave left, lend
    lent, lie lay lain lies lying, lose lost, make made, mean meant, meet met, pay paid, ride rode ridden,
    ring rang rung, rise rose risen, run ran, say said, see saw seen, seek sought, sell sold, send sent,
    shake shook shaken, shine shone, shoot shot, show showed shown, sing sang sung, sink sank sunk, sit
    sat, slay slew slain, sleep slept, speak spoke spoken, spend spent, spin spun, spring sprang sprung,
    stand stood, steal stole stolen, stick stuck, strike struck stricken, swear swore sworn, swim swam
    swum, take took taken, teach taught, tear tore torn, tell told, think thought, throw threw thrown,
    understand understood, wake woke woken, wear wore worn, win won, withdraw withdrew withdrawn, write
    wrote written, co-write co-wrote co-written, oversee oversaw overseen, overcome overcame, overthrow
    overthrew overthrown, undertake undertook undertaken, rewrite rewrote rewritten, rebuild rebuilt, die
    dies dying died, tie ties tying tied, beget begot begotten, wed wed, drink drank drunk, undergo
    underwent undergone, sire sired siring, debut debuted debuting, remarry remarried, mother mothered,
    father fathered, program programmed programming, star starred starring stars, refer referred
    referring, border bordered bordering, offer offered offering, cover covered covering, enter entered
    entering, discover discovered discovering, author authored authoring, edit edited editing, visit
    visited visiting, head headed heading, inhabit inhabited inhabiting, exhibit exhibited exhibiting,
    credit credited crediting, engineer engineered engineering, pioneer pioneered pioneering, mentor
    mentored mentoring, tutor tutored tutoring, honor honored honoring, honour honoured honouring, answer
    answered, confer conferred conferring, conquer conquered, consider considered, deliver delivered,
    foster fostered, govern governed, trigger triggered, murder murdered, power powered, register
    registered, remember remembered, render rendered, serve served serving, uncover uncovered, headquarter
    headquartered, inter interred interring, neighbor neighbored neighbouring neighboring, unveil
    unveiled, reveal revealed, appeal appealed, label labelled labeled, model modelled modeled, travel
    travelled traveled, develop developed developing, open opened opening, happen happened, listen
    listened, enlist enlisted, compose composed composing, promote promoted promoting, create created
    creating, hire hired hiring, tour toured, pour poured, pen penned penning, issue issued issuing, value
    valued, sue sued suing, shut shut, set set, put put, cut cut, hit hit, let let, cast cast, broadcast
    broadcast, cost cost
    """
)
# "found" is the past of "find" in a text, but "founded" is always "to found".
PAST_ONLY = {"founded": "found", "founding": "found", "founds": "found", "borne": "bear", "born": "born"}
# Nouns with an irregular plural, and nouns whose -s is no plural.
_IRREGULAR_PLURALS = _forms(
    """
    person people, child children, man men, woman women, wife wives, life lives, alumnus alumni, alumna
    alumnae, medium media, genus genera, taxon taxa, business businesses, body bodies, work works, movie
    movies, hero heroes, criterion criteria, city cities, foot feet, leaf leaves, half halves, wolf
    wolves, mouse mice, axis axes
    """
)
_UNCHANGED = _words(
    """
    species series headquarters corps news personnel spacecraft aircraft always has is was chassis lyrics
    politics physics mathematics olympics economics
    """
)


def words(phrase: str) -> list[str]:
    """The lower-case words of a phrase or identifier; `s` of a possessive is dropped."""
    return list(_split(phrase))


@lru_cache(maxsize=65536)
def _split(phrase: str) -> tuple[str, ...]:
    # Tokenised text has "father- in- law".
    text = re.sub(r"(?<=[a-z])- (?=[a-z])", "-", phrase.replace("_", " "))
    if " " not in text.strip():
        text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", text)
    found = [w.lower().replace("’", "'") for w in _WORD.findall(text)]
    return tuple(w[:-2] if w.endswith("'s") else w for w in found if w != "s")


def content_words(phrase: str) -> tuple[list[str], bool]:
    """The words that carry meaning, and whether a form of `be` was dropped in front of them."""
    kept: list[str] = []
    copula = False
    tokens = ["on" if word == "upon" else word for word in words(phrase)]
    for position, word in enumerate(tokens):
        if word in BE:
            copula = copula or not kept
        elif (
            (word in HAVE and position + 1 < len(tokens) and _is_auxiliary(tokens[position + 1 :]))
            or word in _DROPPED
            or (word.endswith("ly") and word not in _KEPT_LY and len(word) > 4)
        ):
            continue
        else:
            kept.append(word)
    return kept, copula


def _is_auxiliary(following: list[str]) -> bool:
    rest = [w for w in following if w not in _DROPPED and not w.endswith("ly")]
    return bool(rest) and (
        rest[0] in BE or rest[0] in IRREGULAR or rest[0].endswith("ed") or rest[0] in PAST_ONLY
    )


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
    if word.endswith("ing") and len(word) > 4 and any(c in "aeiouy" for c in word[:-3]):
        return _undo(word[:-3])
    if word.endswith("ies") and len(word) > 4:
        return (word[:-3] + "y",)
    if word.endswith(("sses", "shes", "ches", "xes", "zzes", "oes", "cuses")):
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
    if stem in _E_STEMS or (stem.endswith(_E_ENDINGS) and not stem.endswith(_NO_E_ENDINGS)):
        return (stem + "e", stem)
    return (stem, stem + "e")


# Verbs in -e that the endings below do not give away, without their e.
_E_STEMS = _words(
    """
    acquir adher admir advis aris arrang associat assum attribut bak bas becom besieg blam bor brok
    capsiz car challeng chang charg chas chok choos cit clon clos coincid collid com combin commut
    compar compet compil complet compos conced concid confin consol constitut consum contribut cop
    costum cruis dat debat decid declar declin defin delet deplet describ desir determin devot dictat
    din discharg disput dissolv distribut diverg divid dominat don driv emerg encourag engag enlarg eras
    erod escap evok examin exchang excit execut exil expedit expir explod explor expos fac fad fil fin
    fir forg forsak fram fus gam garag giv glu guid hat hav hid hik hing hir hom hop hous ignit imagin
    impos improv inclin inhal inscrib inspir institut interfer invad invit invok issu jok judg lak lik
    lin liv loath lodg los lur mak manag marin measur merg min mortgag mov nam nicknam not nurs oblig
    oppos outrag ow pag paus pav perfum persuad phon pil plac plagu plan pledg plung pok pollut pos
    prais preced premier prepar presid presum prob produc promis propos prosecut prov provid provok
    pursu quot rac rais rampag rang rat ravag realiz reced recit refin refus rehears releas remov renam
    requir rescu reshap resid resum retir rever revok rhym rid ris rul salut sav savag scal schedul scor
    secre seiz serv settl sever shak shap shar shin sieg sir siz smil smok solv spac spik spok squar
    stag stak stat stor strik striv strok styl su submerg subscrib substitut supersed suppos surg
    surpris surviv tak tam tast terrac ti til tim tol ton trac trad transcrib tun typ undermin unit
    upgrad urg us valu vot voyag wag wak wav welcom whal whit wip writ yok
    """
)
_E_ENDINGS = tuple(
    sorted(
        _words(
            """
            c v z u dg ns ls rs bl cl dl fl gl kl pl tl zl at is ys as os us iv ur ir ar or uc ib ub ud id
            """
        )
    )
)
_NO_E_ENDINGS = tuple(
    sorted(
        _words(
            """
            eat oat ait oin air our oor ear aid oud ais ocus iss ess bias club dar itor avor abor onor
            arbor nchor author tutor mentor sponsor actor ector war star mar bar tar stir blur occur
            refer void focus canvas format combat
            """
        )
    )
)


@lru_cache(maxsize=65536)
def singular(word: str) -> str:
    """The singular of a noun; a word that is no plural stays as it is."""
    if word in _UNCHANGED:
        return word
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


# Endings of agent and event nouns, longest first, and what of each belongs to the verb.
_DERIVED_ENDINGS = {
    "ification": "ify",
    "isation": "iz",
    "ization": "iz",
    "ation": "at",
    "ition": "it",
    "ution": "ut",
    "ction": "ct",
    "ption": "pt",
    "ments": "",
    "sion": "s",
    "tion": "t",
    "ment": "",
    "ance": "",
    "ence": "",
    "ator": "at",
    "itor": "it",
    "ctor": "ct",
    "ptor": "pt",
    "ssor": "ss",
    "ship": "",
    "er": "",
    "or": "",
    "ist": "",
    "ing": "",
    "al": "",
    "ure": "",
    "age": "",
    "ery": "",
    "ive": "",
}


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """A stem shared by the words of a family: illustrate, illustrator, illustration; design, designer.

    Cruder than a lemma, and only compared with other stems.
    """
    base = verb_lemmas(word)[0] if word.endswith(("ed", "ing")) else singular(word)
    for ending, kept in _DERIVED_ENDINGS.items():
        if base.endswith(ending) and len(base) - len(ending) >= 3:
            base = base[: -len(ending)] + kept
            break
    if len(base) > 4 and base[-1] == base[-2] and base[-1] not in "ls":
        base = base[:-1]
    base = base[:-1] if base.endswith("e") and len(base) > 3 else base
    base = base.replace("is", "iz") if base.endswith("is") else base
    return base[:-1] + "i" if base.endswith("y") and len(base) > 3 else base
