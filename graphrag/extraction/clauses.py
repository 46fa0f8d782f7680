"""Clauses: who does what to whom, read off a dependency tree.

A clause has a predicate (verb, or noun or adjective with a copula), subjects and arguments, all as
heads of phrases, with coordination distributed and left-out subjects filled in from the clause that
governs it. What the clause says is not judged here beyond its modality; facts are made elsewhere.

References:
    Del Corro and Gemulla, "ClausIE: clause-based open information extraction", WWW 2013.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from graphrag.datamodel import Modality
from graphrag.extraction.syntax import Parse
from graphrag.extraction.wordlists import words

__all__ = ["Argument", "Clause", "conjuncts", "find_clauses", "identities"]

_PREDICATES = frozenset(
    {
        "ROOT",
        "conj",
        "ccomp",
        "xcomp",
        "advcl",
        "acl",
        "acl:relcl",
        "csubj",
        "parataxis",
        "advcl:relcl",
        "dep",
        "list",
    }
)
_SUBJECTS = frozenset({"nsubj", "nsubj:pass", "nsubj:outer"})
_OBLIQUES = frozenset({"obl", "obl:agent", "obl:unmarked", "obl:tmod", "obl:npmod"})
_RELATIVES = frozenset({"which", "who", "whom", "that"})
_AUXILIARIES = frozenset({"aux", "aux:pass", "cop"})
_NEGATIONS = frozenset(
    {"not", "n't", "never", "no", "neither", "nor", "hardly", "n’t", "nobody", "none", "nothing"}
)
_POSSIBLE = frozenset({"may", "might", "could", "would", "should", "can", "must", "ought", "shall"})
_FUTURE = frozenset({"will", "'ll", "wo", "’ll"})
_CONDITIONS = frozenset({"if", "unless", "whether", "lest", "suppose", "supposing", "provided"})
_SAYING = frozenset(
    words(
        """
        say tell claim state report announce allege argue assert believe think suggest suspect note
        add maintain insist deny rumour rumor speculate estimate expect predict hope fear write
        explain declare warn consider assume imply indicate contend hint conclude reply stress propose
        feel guess imagine
        """
    )
)
_INTENDING = frozenset(
    words(
        """
        want plan hope intend try attempt seek expect aim wish refuse decline fail threaten offer
        promise agree consider propose decide vow pledge need prepare hesitate like love prefer ask
        urge order request advise encourage allow permit enable invite persuade require force tempt
        forbid prohibit prevent
        """
    )
)
_UNREAL = frozenset({"refuse", "decline", "fail", "forbid", "prohibit", "prevent", "deny", "doubt"})
_SUBJECT_CONTROL = frozenset({"promise", "vow", "threaten"})
# Participles that speak of the noun right before them, comma or not.
_NEAREST = frozenset(
    words(
        """
        located situated based headquartered born known called named nicknamed married buried
        """
    )
)
_SHARED = frozenset({"obj", "obl", "agent", "time"})
_BETWEEN = frozenset({"cc", "punct", "advmod", "aux", "aux:pass", "conj"})
_SEEMING = frozenset(
    {
        "rumoured",
        "rumored",
        "alleged",
        "reported",
        "believed",
        "thought",
        "said",
        "supposed",
        "expected",
        "estimated",
        "reputed",
        "claimed",
        "assumed",
        "suspected",
        "likely",
        "planned",
        "scheduled",
        "set",
    }
)


@dataclass(slots=True)
class Argument:
    """One argument of a clause.

    Attributes:
        head: Head token of the phrase or of the embedded clause.
        role: "obj", "iobj", "obl", "agent", "time" (bare "last year"), "xcomp", "ccomp" or "advcl".
        words: Tokens that tie it to the predicate: prepositions, or the mark of a clause.
    """

    head: int
    role: str
    words: tuple[int, ...] = ()


@dataclass(slots=True)
class Clause:
    """One predicate with what belongs to it.

    Attributes:
        predicate: The verb; for copulas the noun or adjective that is said of the subject.
        words: Tokens of the verb group in text order: auxiliaries, negation, verb, particle; for a
            copula the auxiliaries and "be" (the predicate itself is `attribute`).
        attribute: Head of the predicate noun, adjective or phrase of a copula; -1 for verbs.
        subjects: Heads of the subject and its conjuncts; empty if none is stated or implied.
        passive: Whether the subject undergoes what the verb says.
        origin: Where the subject came from: "own", "shared" (coordination), "relative",
            "participle", "control" and "object-control" (an xcomp's, from the subject or object of
            the governing verb), "adverbial" or "marked" (an adverbial clause with a conjunction).
        antecedent: Token of the relative pronoun that `subjects` stands for; -1 if none.
    """

    predicate: int
    words: list[int]
    subjects: list[int] = field(default_factory=list)
    arguments: list[Argument] = field(default_factory=list)
    attribute: int = -1
    passive: bool = False
    origin: str = "own"
    modality: Modality = Modality.ASSERTED
    antecedent: int = -1


def conjuncts(parse: Parse, token: int) -> list[int]:
    """A phrase's head with those coordinated with it, in text order."""
    found = [token]
    for kid in parse.children[token]:
        if parse.dep[kid] == "conj":
            found.append(kid)
    return found


def find_clauses(parse: Parse, begin: int, end: int) -> list[Clause]:
    """All clauses of the sentence at token range [begin, end), in order of their predicates."""
    reader = _Reader(parse)
    clauses: list[Clause] = []
    for token in range(begin, end):
        if reader.is_predicate(token):
            clauses.append(reader.clause(token))
    for clause in clauses:
        reader.share_arguments(clause)
    for clause in clauses:
        clause.modality = reader.modality(clause)
    return clauses


def identities(parse: Parse, clauses: list[Clause], begin: int, end: int) -> dict[int, int]:
    """Heads of phrases that say what a name is, each with the head of that name.

    "X is a film": film -> X; "X, a film": film -> X; "the film, X": film -> X.
    """
    found: dict[int, int] = {}
    for clause in clauses:
        if clause.attribute >= 0 and len(clause.subjects) == 1 and clause.modality is not Modality.NEGATED:
            attribute = clause.attribute
            kids = parse.children[attribute]
            kind = parse.pos[attribute] == "NOUN" or any(parse.lower[k] in ("a", "an") for k in kids)
            if kind and all(parse.dep[k] != "case" or k > attribute for k in kids):
                found[attribute] = clause.subjects[0]
    for token in range(begin, end):
        if parse.dep[token] == "appos":
            governor = parse.head[token]
            if parse.pos[token] == "NOUN" and parse.pos[governor] == "PROPN":
                found[token] = governor
            elif parse.pos[governor] == "NOUN" and parse.pos[token] == "PROPN":
                found.setdefault(governor, token)
    return found


class _Reader:
    """Reads the clauses of one sentence; keeps them by predicate, since clauses refer to each other."""

    def __init__(self, parse: Parse) -> None:
        self.parse = parse
        self.known: dict[int, Clause] = {}

    def is_predicate(self, token: int) -> bool:
        parse = self.parse
        label = parse.dep[token]
        if label not in _PREDICATES:
            return False
        pos = parse.pos[token]
        if pos == "VERB":
            return True
        for kid in parse.children[token]:
            if parse.dep[kid] == "cop":
                return True
        if pos == "AUX":
            return label != "conj" or parse.pos[parse.head[token]] in ("VERB", "AUX")
        # "He is a director and an actor": a conjunct of a copula's noun says the same of the subject.
        return (
            label == "conj" and parse.child(parse.head[token], "cop") >= 0 and pos in ("NOUN", "PROPN", "ADJ")
        )

    def clause(self, token: int) -> Clause:
        if token in self.known:
            return self.known[token]
        parse = self.parse
        copula = parse.child(token, "cop")
        label = parse.dep[token]
        shared_copula = label == "conj" and copula < 0 and parse.pos[token] not in ("VERB", "AUX")
        clause = Clause(token, self._verb_group(token))
        self.known[token] = clause
        if copula >= 0 or shared_copula:
            clause.attribute = token
        if shared_copula:
            clause.words = list(self.clause(parse.head[token]).words) if parse.head[token] != token else []
        clause.passive = self._is_passive(token, clause)
        self._fill_subjects(clause)
        self._fill_arguments(clause)
        return clause

    def _verb_group(self, token: int) -> list[int]:
        parse = self.parse
        dep, lower = parse.dep, parse.lower
        verb = parse.pos[token] in ("VERB", "AUX") and parse.child(token, "cop") < 0
        words = [token] if verb else []
        for kid in parse.children[token]:
            label = dep[kid]
            if (
                label in _AUXILIARIES
                or label == "compound:prt"
                or (label == "advmod" and lower[kid] in _NEGATIONS)
            ):
                words.append(kid)
        words.sort()
        return words

    def _is_passive(self, token: int, clause: Clause) -> bool:
        parse = self.parse
        if clause.attribute >= 0:
            return False
        for kid in parse.children[token]:
            if parse.dep[kid] in ("nsubj:pass", "aux:pass"):
                return True
        if parse.tag[token] != "VBN":
            return False
        label = parse.dep[token]
        if label in ("acl", "advcl"):
            return all(parse.dep[kid] != "aux" for kid in parse.children[token])
        if (
            label == "conj"
            and parse.child(token, "aux", "nsubj") < 0
            and self.is_predicate(parse.head[token])
        ):
            return self.clause(parse.head[token]).passive
        return False

    def _fill_subjects(self, clause: Clause) -> None:
        parse, token = self.parse, clause.predicate
        label, governor = parse.dep[token], parse.head[token]
        own = -1
        for kid in parse.children[token]:
            if parse.dep[kid] in _SUBJECTS:
                own = kid if own < 0 or parse.dep[kid] != "nsubj:outer" else own
        if own >= 0:
            if label == "acl:relcl" and parse.lower[own] in _RELATIVES:
                clause.subjects = conjuncts(parse, governor) if self._plural_verb(clause) else [governor]
                clause.origin, clause.antecedent = "relative", own
            else:
                clause.subjects = conjuncts(parse, own)
            return
        if label == "conj" and self.is_predicate(governor):
            source = self.clause(governor)
            clause.subjects, clause.origin = source.subjects, "shared"
            clause.antecedent = source.antecedent
        elif label in ("acl", "acl:relcl") and parse.child(token, "expl") < 0:
            if parse.tag[token] in ("VBN", "VBG", "VBD", "VB"):
                if parse.tag[token] != "VB" or self._superlative(governor):
                    clause.subjects = [self._main_noun(token, governor)]
                clause.origin = "participle"
        elif label == "xcomp" and self.is_predicate(governor):
            source = self.clause(governor)
            if not source.arguments and source.predicate not in self.known:
                return
            controller = [kid for kid in parse.children[governor] if parse.dep[kid] in ("obj", "iobj")]
            if controller and controller[0] < token and parse.lemma[governor] not in _SUBJECT_CONTROL:
                clause.subjects, clause.origin = conjuncts(parse, controller[0]), "object-control"
            else:
                clause.subjects, clause.antecedent = source.subjects, source.antecedent
                clause.origin = "control"
        elif label == "advcl" and self.is_predicate(governor) and parse.tag[token] in ("VBG", "VBN", "VB"):
            source = self.clause(governor)
            marked = parse.child(token, "mark", "case") >= 0
            clause.subjects, clause.origin = source.subjects, "marked" if marked else "adverbial"
            clause.antecedent = source.antecedent

    def _main_noun(self, participle: int, governor: int) -> int:
        """Whom a participle after a comma speaks of: "the album by Y, released in May" is of the album."""
        parse = self.parse
        if parse.tag[participle] != "VBN" or parse.lower[participle] in _NEAREST or participle < 2:
            return governor
        before = participle - 1
        while before > governor and parse.pos[before] == "ADV":
            before -= 1
        if parse.text[before] != ",":
            return governor
        noun = governor
        while (
            parse.dep[noun] in ("nmod", "obl:agent", "obl", "flat", "appos", "nmod:desc")
            and parse.head[noun] != noun
        ):
            noun = parse.head[noun]
            if parse.pos[noun] == "VERB" and parse.dep[noun] == "acl":
                noun = parse.head[noun]
        return noun if parse.child(noun, "cop") >= 0 else governor

    def _plural_verb(self, clause: Clause) -> bool:
        """Whether the verb itself says that several do it, so that conjuncts share it."""
        first = clause.words[0] if clause.words else -1
        return first >= 0 and (
            self.parse.tag[first] == "VBP" or self.parse.lower[first] in ("are", "were", "have")
        )

    def _superlative(self, noun: int) -> bool:
        parse = self.parse
        for kid in parse.children[noun]:
            if (
                parse.lower[kid] in ("first", "last", "only", "second", "third", "next")
                or parse.tag[kid] == "JJS"
            ):
                return True
        return False

    def _fill_arguments(self, clause: Clause) -> None:
        parse, token = self.parse, clause.predicate
        dep, lower = parse.dep, parse.lower
        nominal = clause.attribute >= 0
        for kid in parse.children[token]:
            label = dep[kid]
            if label == "obj" or label == "iobj":
                head = self._resolve_relative(kid, token)
                for item in conjuncts(parse, head) if head == kid else [head]:
                    if parse.pos[item] != "VERB":
                        clause.arguments.append(Argument(item, label))
            elif label in _OBLIQUES:
                words = self._case(kid)
                role = "agent" if label == "obl:agent" else "obl" if words else "time"
                head = self._resolve_relative(kid, token)
                for item in conjuncts(parse, head) if head == kid else [head]:
                    clause.arguments.append(
                        Argument(item, role, (self._case(item) or words) if head == kid else words)
                    )
            elif label == "nmod" and nominal:
                continue
            elif label in ("xcomp", "ccomp", "advcl"):
                marks = tuple(k for k in parse.children[kid] if dep[k] in ("mark", "case"))
                clause.arguments.append(Argument(kid, label, marks))
            elif label == "advmod" and lower[kid] in ("where", "when") and dep[token] == "acl:relcl":
                clause.arguments.append(Argument(parse.head[token], "where", (kid,)))
        label = dep[token]
        bare = label == "acl:relcl" and not nominal and clause.origin != "relative" and not clause.passive
        if bare and clause.subjects and self._lacks_object(clause, parse.head[token]):
            clause.arguments.append(Argument(parse.head[token], "obj"))
        clause.arguments.sort(key=lambda a: a.head)

    def _lacks_object(self, clause: Clause, antecedent: int) -> bool:
        """Whether a relative clause without pronoun ("the film she made") has its noun as object."""
        return not any(
            a.role in ("obj", "where", "ccomp", "xcomp") or a.head == antecedent for a in clause.arguments
        )

    def _case(self, token: int) -> tuple[int, ...]:
        parse = self.parse
        words: list[int] = []
        for kid in parse.children[token]:
            if parse.dep[kid] == "case" and kid < token:
                words.append(kid)
                words.extend(k for k in parse.children[kid] if parse.dep[k] == "fixed")
        return tuple(words)

    def _resolve_relative(self, token: int, verb: int) -> int:
        """The antecedent, where an argument is a relative pronoun of the verb's own relative clause."""
        parse = self.parse
        if parse.lower[token] in _RELATIVES and parse.dep[verb] == "acl:relcl":
            return parse.head[verb]
        return token

    def share_arguments(self, clause: Clause) -> None:
        """Let "wrote, produced and directed the film" have one object for all its verbs."""
        parse, first = self.parse, clause.predicate
        if clause.attribute >= 0 or parse.dep[first] == "conj":
            return
        chain = [clause]
        for kid in parse.children[first]:
            if parse.dep[kid] == "conj" and kid in self.known and self.known[kid].attribute < 0:
                chain.append(self.known[kid])
        for left, right in zip(chain[-2::-1], chain[:0:-1], strict=True):
            if left.passive != right.passive or any(a.head > left.predicate for a in left.arguments):
                if not right.arguments and right.predicate > left.predicate:
                    right.arguments = [
                        a for a in left.arguments if a.head > right.predicate and a.role in _SHARED
                    ]
                continue
            between = range(left.predicate + 1, right.predicate)
            if all(parse.dep[k] in _BETWEEN or k == right.predicate for k in between):
                left.arguments = [*left.arguments, *(a for a in right.arguments if a.role in _SHARED)]

    def modality(self, clause: Clause) -> Modality:
        """How the text puts the clause, from its own words and from the clauses above it."""
        parse, token = self.parse, clause.predicate
        own = self._own_modality(clause)
        if own is not Modality.ASSERTED:
            return own
        label, governor = parse.dep[token], parse.head[token]
        if governor == token or label in ("acl:relcl", "acl"):
            return Modality.ASSERTED
        above = self.known.get(governor)
        if above is None:
            return Modality.ASSERTED
        lemma = parse.lemma[governor]
        if label == "xcomp":
            if lemma in _UNREAL:
                return Modality.NEGATED
            if lemma in _INTENDING or parse.lower[governor] in _SEEMING:
                reported = parse.lower[governor] in _SEEMING and above.passive
                return Modality.REPORTED if reported else Modality.HYPOTHETICAL
            return self.modality(above)
        if label == "ccomp":
            if lemma in _SAYING or parse.lower[governor] in _SEEMING:
                return Modality.REPORTED
            return self.modality(above)
        if label == "parataxis" and lemma in _SAYING:
            return Modality.REPORTED
        if label == "conj":
            upper = self.modality(above)
            if upper in (Modality.REPORTED, Modality.QUESTION):
                return upper
            if upper is Modality.HYPOTHETICAL and not any(
                parse.dep[k] == "aux" for k in parse.children[token]
            ):
                return upper
            if upper is Modality.NEGATED and parse.tag[token] == "VB":
                return upper
        if label == "advcl":
            upper = self.modality(above)
            if upper is Modality.REPORTED:
                return upper
        return Modality.ASSERTED

    def _own_modality(self, clause: Clause) -> Modality:
        parse, token = self.parse, clause.predicate
        lower, dep = parse.lower, parse.dep
        kids = parse.children[token]
        said_by_other = False
        future = False
        for kid in kids:
            word, label = lower[kid], dep[kid]
            if word in _NEGATIONS and label in ("advmod", "det", "cc:preconj"):
                return Modality.NEGATED
            if label in _SUBJECTS and self._negative(kid):
                return Modality.NEGATED
            if label == "obj" and self._negative(kid):
                return Modality.NEGATED
            if label == "aux":
                if word in _POSSIBLE:
                    return Modality.NEGATED if self._has_negation(token) else Modality.HYPOTHETICAL
                future = future or word in _FUTURE
            if label == "mark" and word in _CONDITIONS:
                return Modality.HYPOTHETICAL
            if label == "advmod" and word in (
                "reportedly",
                "allegedly",
                "supposedly",
                "apparently",
                "purportedly",
            ):
                return Modality.REPORTED
            if label == "advmod" and word in ("perhaps", "possibly", "maybe", "probably", "presumably"):
                return Modality.HYPOTHETICAL
            if label in ("obl", "advmod", "advcl", "case") and word == "according":
                said_by_other = True
            if label == "obl" and any(lower[k] == "according" for k in parse.children[kid]):
                said_by_other = True
            if label == "parataxis" and parse.lemma[kid] in _SAYING:
                said_by_other = True
        if said_by_other:
            return Modality.REPORTED
        if future:
            return Modality.HYPOTHETICAL
        purpose = (
            parse.tag[token] == "VB" and dep[token] in ("advcl", "acl") and parse.child(token, "mark") >= 0
        )
        if purpose and not (dep[token] == "acl" and self._superlative(parse.head[token])):
            return Modality.HYPOTHETICAL
        if dep[token] == "ROOT":
            for kid in reversed(kids):
                if dep[kid] == "punct":
                    if lower[kid] == "?":
                        return Modality.QUESTION
                    break
        return Modality.ASSERTED

    def _has_negation(self, token: int) -> bool:
        parse = self.parse
        return any(parse.lower[k] in _NEGATIONS and parse.dep[k] == "advmod" for k in parse.children[token])

    def _negative(self, noun: int) -> bool:
        parse = self.parse
        if parse.lower[noun] in ("nobody", "none", "nothing"):
            return True
        return any(
            parse.lower[k] in ("no", "neither") and parse.dep[k] in ("det", "cc:preconj")
            for k in parse.children[noun]
        )
