"""Measures of extraction, retrieval and answers, as the literature defines them.

Retrieval measures take a ranked list and the gold set; repeated entries count once, at their first
place. A question without gold cannot be scored and raises.
"""

import math
import re
import string
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from graphrag.datamodel import Citation, Document
from graphrag.errors import DataError

_Id = TypeVar("_Id", bound=Hashable)

_ARTICLES = re.compile(r"\b(?:a|an|the)\b")
_PUNCTUATION = str.maketrans("", "", string.punctuation)


@dataclass(frozen=True, slots=True)
class Score:
    """Precision, recall and their harmonic mean, in [0, 1]."""

    precision: float
    recall: float
    f1: float


def recall(ranked: Sequence[_Id], gold: Iterable[_Id], k: int) -> float:
    """``recall@k``: share of the gold that stands among the first k."""
    wanted = _gold(gold)
    return len(wanted & set(_first(ranked, k))) / len(wanted)


def all_recall(ranked: Sequence[_Id], gold: Iterable[_Id], k: int) -> float:
    """``all-recall@k`` (perfect retrieval): 1 if all the gold stands among the first k, else 0."""
    return float(_gold(gold) <= set(_first(ranked, k)))


def reciprocal_rank(ranked: Sequence[_Id], gold: Iterable[_Id]) -> float:
    """One over the place of the first gold; 0 if there is none. Its mean is MRR."""
    wanted = _gold(gold)
    distinct = dict.fromkeys(ranked)
    return next((1 / place for place, item in enumerate(distinct, start=1) if item in wanted), 0.0)


def ndcg(ranked: Sequence[_Id], gold: Mapping[_Id, float] | Iterable[_Id], k: int = 10) -> float:
    """``ndcg@k`` with gain `relevance` and discount log2(place + 1); plain gold has relevance 1.

    References:
        Järvelin and Kekäläinen, "Cumulated gain-based evaluation of IR techniques", TOIS 2002.
    """
    relevance = dict(gold) if isinstance(gold, Mapping) else dict.fromkeys(_gold(gold), 1.0)
    ideal = _discounted(sorted(relevance.values(), reverse=True)[:k])
    if ideal <= 0:
        raise DataError("ndcg needs at least one gold item of positive relevance")
    return _discounted([relevance.get(item, 0.0) for item in _first(ranked, k)]) / ideal


def normalize_answer(text: str) -> str:
    """Lower case, without punctuation, English articles and extra blanks (the SQuAD script's rule)."""
    return " ".join(_ARTICLES.sub(" ", text.lower().translate(_PUNCTUATION)).split())


def exact_match(answer: str, gold: Sequence[str]) -> float:
    """1 if the answer equals one of the gold answers after `normalize_answer`, else 0."""
    return float(any(normalize_answer(answer) == normalize_answer(item) for item in _some(gold)))


def answer_f1(answer: str, gold: Sequence[str]) -> float:
    """Best F1 over the words shared with one of the gold answers, after `normalize_answer`.

    References:
        Rajpurkar et al., "SQuAD: 100,000+ questions for machine comprehension of text", EMNLP 2016.
    """
    return max(
        _word_f1(normalize_answer(answer).split(), normalize_answer(item).split()) for item in _some(gold)
    )


def triple_score(found: Iterable[_Id], gold: Iterable[_Id]) -> Score:
    """Precision, recall and F1 of a set of triples (or anything else that compares equal)."""
    have, wanted = set(found), set(gold)
    right = len(have & wanted)
    return _score(right, len(have), len(wanted))


def citation_precision(citations: Sequence[Citation], documents: Mapping[str, Document]) -> float:
    """Share of citations whose quote is exactly what their document says at their span.

    Args:
        documents: By id; a citation of another document counts as wrong.

    Returns:
        1 where there are no citations: nothing was cited wrongly.
    """
    if not citations:
        return 1.0
    right = 0
    for citation in citations:
        evidence = citation.evidence
        document = documents.get(evidence.document_id)
        right += (
            document is not None
            and bool(evidence.quote)
            and (document.text[evidence.span.start : evidence.span.end] == evidence.quote)
        )
    return right / len(citations)


def mean(values: Sequence[float]) -> float:
    """Arithmetic mean; 0 of nothing."""
    return math.fsum(values) / len(values) if values else 0.0


def _gold(gold: Iterable[_Id]) -> set[_Id]:
    wanted = set(gold)
    if not wanted:
        raise DataError("a question without gold documents cannot be scored; give it gold or leave it out")
    return wanted


def _some(gold: Sequence[str]) -> Sequence[str]:
    if not gold:
        raise DataError("a question without gold answers cannot be scored; give it one or leave it out")
    return gold


def _first(ranked: Sequence[_Id], k: int) -> list[_Id]:
    return list(dict.fromkeys(ranked))[:k]


def _discounted(gains: Sequence[float]) -> float:
    return math.fsum(gain / math.log2(place + 1) for place, gain in enumerate(gains, start=1))


def _word_f1(words: list[str], gold: list[str]) -> float:
    if not words or not gold:
        return float(words == gold)
    return _score(sum((Counter(words) & Counter(gold)).values()), len(words), len(gold)).f1


def _score(right: int, found: int, wanted: int) -> Score:
    precision = right / found if found else float(wanted == 0)
    share = right / wanted if wanted else float(found == 0)
    total = precision + share
    return Score(precision, share, 2 * precision * share / total if total else 0.0)
