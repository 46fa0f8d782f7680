"""Mends a tree where the names found in the text show that the parser erred.

A small parser's commonest slips around names are few: a name hung on the noun before it ("writer | Ann
Lee"), a name split between two governors, a subject taken for a form of address, a prepositional phrase
swallowed as a modifier. Each rule below states one and moves as few links as it can.
"""

from __future__ import annotations

from graphrag.extraction.syntax import Parse
from graphrag.extraction.wordlists import words

__all__ = ["repair"]

_APPENDED = frozenset(
    {"appos", "flat", "nmod:unmarked", "compound", "nmod:desc", "dep", "list", "parataxis", "ROOT", "nmod"}
)
_LEFT_OUT = frozenset({"vocative", "dislocated", "obl:unmarked", "nmod:unmarked", "parataxis", "list", "dep"})
_FINITE = frozenset({"VBD", "VBZ", "VBP"})
_PARTICIPLE = frozenset({"VBN"})


def repair(parse: Parse) -> None:
    """Mend names and subjects in place; O(tokens)."""
    changed = _verbalise(parse)
    changed |= _raise_finite(parse)
    for start in sorted(parse.entity_ends()):
        parse.split_year(start)
        _cut_at_verb(parse, start)
    for start in sorted(parse.entity_ends()):
        _part_places(parse, start)
    for start in sorted(parse.entity_ends()):
        if parse.entity[start] == "DATE":
            continue
        changed |= _unite(parse, start, parse.entity_end(start))
        changed |= _promote(parse, start, parse.entity_end(start))
    changed |= _release_phrases(parse)
    changed |= _raise_adjuncts(parse)
    changed |= _seat_subjects(parse)
    if changed:
        parse.link_children()
    if _define(parse):
        parse.link_children()


def _verbalise(parse: Parse) -> bool:
    """In "The Elbe rises in ...": a word tagged as a finite verb governs a subject, not a compound."""
    changed = False
    for token, tag in enumerate(parse.tag):
        kids = parse.children[token]
        finite = tag in _FINITE or (tag == "VB" and any(parse.dep[k] == "aux" for k in kids))
        if not finite and not (tag == "NNS" and parse.head[token] == token and _joins_verb(parse, token)):
            continue
        if parse.dep[token] not in _PREDICATIVE or parse.child(token, "cop") >= 0:
            continue
        if parse.pos[token] == "NOUN":
            parse.pos[token], parse.tag[token] = "VERB", "VBZ" if tag == "NNS" else tag
        if parse.child(token, "nsubj", "nsubj:pass", "csubj", "expl", "nsubj:outer") >= 0:
            continue
        nouns = [k for k in kids if k < token and parse.dep[k] in ("compound", "nmod:desc", "flat", "amod")]
        nouns = [k for k in nouns if parse.pos[k] in ("PROPN", "NOUN")]
        if not nouns:
            continue
        subject = nouns[-1]
        parse.dep[subject] = "nsubj:pass" if parse.child(token, "aux:pass") >= 0 else "nsubj"
        for kid in kids:
            if kid < subject and parse.dep[kid] in (
                "det",
                "amod",
                "compound",
                "nmod:desc",
                "nmod:poss",
                "nummod",
            ):
                parse.head[kid] = subject
            elif kid > token and parse.dep[kid] == "nmod":
                parse.dep[kid] = "obl"
        changed = True
    if changed:
        parse.link_children()
    return changed


def _joins_verb(parse: Parse, noun: int) -> bool:
    """Whether a noun is coordinated with a finite verb without a subject: then it is a verb too."""
    for kid in parse.children[noun]:
        if (
            parse.dep[kid] == "conj"
            and parse.tag[kid] in _FINITE
            and parse.child(kid, "nsubj", "nsubj:pass", "cop") < 0
        ):
            return True
    return False


_PREDICATIVE = frozenset({"ROOT", "conj", "ccomp", "advcl", "acl:relcl", "parataxis"})


def _cut_at_verb(parse: Parse, start: int) -> None:
    """A name ends before the sentence's own verb ("Kestrel | sells drones") and does not begin with it."""
    for token in range(start, parse.entity_end(start)):
        if (
            parse.tag[token] in _FINITE
            and parse.text[token].islower()
            and parse.dep[token] in ("ROOT", "ccomp", "conj")
        ):
            if token > start:
                parse.cut_entity(start, token)
            elif all(parse.text[t].islower() for t in range(start, parse.entity_end(start))):
                parse.drop_entity(start)
            return


_REGIONS = frozenset(
    words("range hills mountains islands ridge alps archipelago highlands lowlands peninsula")
)


def _part_places(parse: Parse, start: int) -> None:
    """Part a region from what it lies in: "Arden Hills | of | Warwick"."""
    if parse.entity[start] != "LOC":
        return
    end = parse.entity_end(start)
    for token in range(start + 2, end - 1):
        if parse.lower[token] == "of" and parse.lower[token - 1] in _REGIONS:
            after = token + 1 + (parse.lower[token + 1] in _ARTICLES)
            if after < end:
                parse.cut_entity(start, token)
                parse.add_entity(after, end, "LOC")
            return


def _raise_finite(parse: Parse) -> bool:
    """A verb's partner is a verb: "adds support for streaming and | fixes", "based on a novel and | made"."""
    changed = False
    for token, label in enumerate(parse.dep):
        if label != "conj" or parse.pos[token] != "VERB" or parse.child(token, "nsubj", "cop") >= 0:
            continue
        partner = parse.head[token]
        if parse.tag[token] in _FINITE and parse.tag[partner] == "VBG":
            wanted = _FINITE
            if parse.child(partner, "aux", "aux:pass", "nsubj") >= 0:
                continue
        elif parse.tag[token] == "VBN" and parse.pos[partner] == "NOUN":
            wanted = _PARTICIPLE
        else:
            continue
        verb = parse.head[partner]
        for _ in range(len(parse)):
            if parse.tag[verb] in wanted or parse.head[verb] == verb:
                break
            verb = parse.head[verb]
        if parse.tag[verb] in wanted and parse.pos[verb] == "VERB":
            parse.head[token] = verb
            changed = True
    if changed:
        parse.link_children()
    return changed


_ARTICLES = frozenset({"a", "an", "the", "one"})
_INSIDE = frozenset(words("JJ JJR JJS NN NNS NNP NNPS CD HYPH RB RBS POS SYM"))
_BE = frozenset({"is", "was", "are", "were"})


def _define(parse: Parse) -> bool:
    """In "X is a 1998 comedy-drama film based on ...": the film is what X is, and governs all of it."""
    changed = False
    for begin, end in parse.sentences:
        subject = begin + (parse.lower[begin] in _ARTICLES)
        if subject + 3 >= end or parse.pos[subject] != "PROPN":
            continue
        copula = next((t for t in range(subject + 1, min(subject + 12, end)) if parse.lower[t] in _BE), -1)
        if copula < 0 or copula + 2 >= end or parse.lower[copula + 1] not in _ARTICLES:
            continue
        if any(parse.pos[t] not in ("PROPN", "NUM", "ADP", "DET", "PART") for t in range(subject, copula)):
            continue
        noun = _head_noun(parse, copula + 2, end)
        if noun >= 0:
            changed |= _make_predicate(parse, subject, copula, noun)
    return changed


def _head_noun(parse: Parse, first: int, end: int) -> int:
    """The last common noun of the noun phrase that begins here; -1 if it has none."""
    noun = -1
    for token in range(first, end):
        tag = parse.tag[token]
        following = parse.tag[token + 1] if token + 1 < end else ""
        if tag in ("NN", "NNS"):
            noun = token
        elif tag == "VBN" and following[:2] in ("NN", "JJ") and parse.tag[token - 1] != "NNP":
            continue  # "computer animated film"
        elif tag in ("CC", ",") and _joins_modifiers(parse.tag[token - 1], following):
            continue
        elif tag not in _INSIDE and parse.text[token] != "/":
            break
    return noun


def _joins_modifiers(before: str, after: str) -> bool:
    return (before[:2] == "JJ" and after[:2] in ("JJ", "RB")) or before == after == "NNP"


def _make_predicate(parse: Parse, subject: int, copula: int, noun: int) -> bool:
    """Make `noun` what the name at `subject` is said to be; False where the tree is too different."""
    outer = [t for t in range(subject, copula) if not subject <= parse.head[t] < copula]
    name = outer[0] if len(outer) == 1 else -1
    agrees = parse.head[copula] == noun == parse.head[name] and parse.dep[copula] == "cop"
    if name < 0 or (agrees and not copula < parse.head[noun] < noun):
        return False
    old = parse.head[noun] if parse.head[name] == noun else parse.head[name]
    for _ in range(len(parse)):
        if parse.head[old] == old or old == noun:
            break
        old = parse.head[old]
    if old in (copula, noun) or parse.head[old] != old or not copula < old:
        return False
    start = parse.entity_start[noun]
    if start >= 0 and parse.entity_end(start) == noun + 1 and start < noun:
        parse.cut_entity(start, noun)
    phrase = range(copula + 1, noun)
    for token in parse.children[old]:
        if token != noun and token not in phrase:
            parse.head[token] = noun
    for token in phrase:
        if not copula < parse.head[token] < noun or parse.head[token] == token:
            parse.head[token] = noun
            if parse.dep[token] not in ("det", "amod", "nummod", "punct", "compound", "nmod:unmarked"):
                parse.dep[token] = "amod" if parse.tag[token][:2] == "JJ" else "compound"
    parse.pos[noun] = "NOUN"
    parse.head[name], parse.dep[name] = noun, "nsubj"
    parse.head[copula], parse.dep[copula] = noun, "cop"
    parse.head[noun], parse.dep[noun] = noun, "ROOT"
    if old > noun:
        parse.head[old], parse.dep[old] = noun, "acl"
        for token in parse.children[old]:
            if token > noun:
                parse.head[token] = old
    return True


def _entity_head(parse: Parse, start: int, end: int) -> int:
    head = parse.head
    for token in range(start, end):
        if not start <= head[token] < end or head[token] == token:
            return token
    return start


def _unite(parse: Parse, start: int, end: int) -> bool:
    """Let all words of a name hang on one of them."""
    if end - start < 2:
        return False
    outer = [t for t in range(start, end) if not start <= parse.head[t] < end or parse.head[t] == t]
    if len(outer) < 2:
        before = start - 1
        if before >= 0 and parse.dep[before] == "case" and start <= parse.head[before] < end:
            parse.head[before] = outer[0]  # the preposition belongs to the name as a whole
            return True
        return False
    # The one with a role of its own is the head; "flat" and modifiers of something outside are slips.
    ranked = sorted(
        outer, key=lambda t: (parse.dep[t] in ("flat", "compound", "amod", "case", "det", "punct", "cc"), t)
    )
    head = ranked[0]
    for token in outer:
        if token != head:
            parse.head[token] = head
            if parse.dep[token] not in ("case", "det", "punct", "cc"):
                parse.dep[token] = "flat"
    return True


def _promote(parse: Parse, start: int, end: int) -> bool:
    """In "writer Ann Lee": the name is the head, the noun before it a title."""
    noun = start - 1
    if noun < 0:
        return False
    if parse.text[noun] in ('"', "``", "“", "'", "`") and noun > 0:
        noun -= 1
    if parse.pos[noun] != "NOUN" or parse.entity_start[noun] >= 0 or parse.tag[noun] != "NN":
        return False
    name = _entity_head(parse, start, end)
    up = parse.head[name]
    if parse.dep[name] not in _APPENDED or up == name:
        return False
    # A name may hang elsewhere although the noun right before it is a title: "A and lyricist B".
    if up != noun and (parse.dep[name] != "flat" or start <= up < end):
        return False
    if parse.head[noun] == name or (parse.dep[noun] in ("cop", "ROOT") and parse.child(noun, "cop") >= 0):
        return False
    governor, role = parse.head[noun], parse.dep[noun]
    if role in ("compound", "amod"):
        return False
    parse.head[name], parse.dep[name] = (name if governor == noun else governor), role
    parse.head[noun], parse.dep[noun] = name, "nmod:desc"
    for kid in parse.children[noun]:
        if kid != name and parse.dep[kid] in (
            "case",
            "nsubj",
            "cop",
            "cc",
            "acl",
            "acl:relcl",
            "nmod",
            "appos",
            "punct",
            "conj",
            "mark",
            "nmod:poss",
        ):
            parse.head[kid] = name
    parse.link_children()
    return True


def _release_phrases(parse: Parse) -> bool:
    """In "written in German by Hans": "German" has its own preposition, so it is no modifier of "Hans"."""
    changed = False
    for token, label in enumerate(parse.dep):
        up = parse.head[token]
        if label not in ("amod", "compound", "nmod:desc") or up <= token:
            continue
        own = [k for k in parse.children[token] if parse.dep[k] == "case" and k < token]
        if own and parse.head[up] != up and any(parse.dep[k] == "case" for k in range(token + 1, up)):
            parse.head[token], parse.dep[token] = (
                parse.head[up],
                parse.dep[up] if parse.dep[up] != "obl:agent" else "obl",
            )
            changed = True
    return changed


def _raise_adjuncts(parse: Parse) -> bool:
    """In "found by Ann Lee at Oxford", "sold in May by Acme", dates and agents take no phrases."""
    changed = False
    for token, label in enumerate(parse.dep):
        if label != "nmod":
            continue
        up = parse.head[token]
        role = parse.dep[up]
        if role not in ("obl", "obl:agent", "obl:unmarked") or token < up:
            continue
        person = parse.entity[up] == "PERSON" and role == "obl:agent"
        if not person and parse.entity[up] != "DATE":
            continue
        preposition = next((parse.lower[k] for k in parse.children[token] if parse.dep[k] == "case"), "")
        if preposition in _ADJUNCTS and parse.entity_start[token] != parse.entity_start[up]:
            parse.head[token] = parse.head[up]
            parse.dep[token] = "obl:agent" if preposition == "by" else "obl"
            changed = True
    return changed


_ADJUNCTS = frozenset(words("at in on by for with under during after before through via from as"))


def _seat_subjects(parse: Parse) -> bool:
    """A name before a finite verb that has no subject is the subject, not somebody addressed."""
    changed = False
    for token, label in enumerate(parse.dep):
        if label not in _LEFT_OUT or parse.pos[token] != "PROPN":
            continue
        verb = parse.head[token]
        if verb <= token or (
            parse.tag[verb] not in _FINITE and parse.child(verb, "aux", "aux:pass", "cop") < 0
        ):
            continue
        if parse.child(verb, "nsubj", "nsubj:pass", "csubj", "expl") >= 0 or parse.child(token, "case") >= 0:
            continue
        parse.dep[token] = "nsubj:pass" if parse.child(verb, "aux:pass") >= 0 else "nsubj"
        changed = True
    return changed
