"""Evaluate a knowledge base on a set of questions."""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any

from graphrag.datamodel import Answer, Context, Document
from graphrag.engine import GraphRAG
from graphrag.errors import DataError
from graphrag.evaluation import all_recall, answer_f1, exact_match, recall, reciprocal_rank
from graphrag.interfaces import Progress
from graphrag.text import clean_value, decode

if TYPE_CHECKING:
    from graphrag.generation.judge import Judge
    from pipelines.model import Ask


@dataclass(frozen=True)
class Question:
    """One line of a question file.

    Attributes:
        gold_documents: Names (key, title or source) of the documents that hold the answer.
        answers: Accepted answers; empty if none is given.
    """

    id: str
    text: str
    gold_documents: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Evaluation:
    """Metrics by name, and the run: ranked documents per question, for other scorers."""

    metrics: dict[str, Any]
    run: list[dict[str, Any]]


def read_questions(path: Path) -> list[Question]:
    """Questions from a JSONL file.

    Raises:
        DataError: If the file cannot be read or a line is not as described; names the line.
    """
    try:
        text = decode(path.read_bytes(), name=str(path))
    except OSError as error:
        raise DataError(f'cannot read "{path}": {error.strerror}') from error
    questions = [
        _question(line, place=f"{path}:{number}")
        for number, line in enumerate(text.split("\n"), start=1)
        if line.strip()
    ]
    if not questions:
        raise DataError(f'"{path}" holds no questions; write one JSON object per line')
    return questions


def evaluate(
    base: GraphRAG,
    questions: Sequence[Question],
    *,
    mode: str | None,
    k: int,
    answers: bool | None,
    progress: Progress,
    ask: "Ask | None" = None,
    judge: "Judge | None" = None,
) -> Evaluation:
    """Search (and answer) each question and score it against its gold.

    Args:
        k: Passages retrieved per question; documents are ranked by their best passage.
        answers: Whether to answer too; None answers those that have a gold answer.
        ask: Answers in the place of `GraphRAG.ask`.
        judge: A model that judges the answers as well; its agreement with F1 is reported.
    """
    ask = ask or base.ask
    cases: list[tuple[str, Answer, str | None]] = []
    rows: list[dict[str, float]] = []
    run = []
    seconds = []
    progress.start("questions", len(questions))
    for question in questions:
        answered = bool(question.answers) if answers is None else answers
        started = time.process_time()
        if answered:
            answer = ask(question.text, mode=mode, k=k)
            cases.append((question.text, answer, question.answers[0] if question.answers else None))
            context, short = answer.context, "" if answer.abstained else answer.short or answer.text
        else:
            context, short = base.search(question.text, mode=mode, k=k), None
        seconds.append(time.process_time() - started)
        documents, scores = _ranked_documents(base, context, mode=mode, k=k)
        rows.append(_scores(question, documents, short, k))
        run.append(_run_line(question, documents, scores, short))
        progress.advance()
    progress.finish()
    metrics: dict[str, Any] = {
        "questions": len(questions),
        "mode": mode or base.config.retrieval.mode,
        "k": k,
    }
    for name in sorted({name for row in rows for name in row}):
        values = [row[name] for row in rows if name in row]
        metrics[name] = round(fmean(values), 4)
    if judge is not None:
        metrics |= _judged(judge, cases, [row["f1"] for row in rows if "f1" in row])
    metrics["cpu_ms_median"] = round(sorted(seconds)[len(seconds) // 2] * 1000, 2)
    return Evaluation(metrics, run)


def _judged(
    judge: "Judge", cases: Sequence[tuple[str, Answer, str | None]], f1: Sequence[float]
) -> dict[str, Any]:
    """Means of the judge's verdicts, and how far it agrees with F1 on which answers are right."""
    from graphrag.generation.judge import agreement

    found = judge.judge_all(cases)
    correct = [item.correct for item in found if item.correct is not None]
    faithful = [item.faithful for item in found if item.faithful is not None]
    metrics: dict[str, Any] = {"judged": len(correct), "judge_unread": len(found) - len(correct)}
    if correct:
        metrics["judge_correct"] = round(fmean(correct), 4)
        metrics["judge_consistent"] = round(fmean(float(item.consistent) for item in found), 4)
    if faithful:
        metrics["judge_faithful"] = round(fmean(faithful), 4)
    with_gold = [item for item, case in zip(found, cases, strict=True) if case[2] is not None]
    pairs = [
        (item.correct, score) for item, score in zip(with_gold, f1, strict=True) if item.correct is not None
    ]
    if pairs:
        agreed = agreement([one for one, _ in pairs], [other for _, other in pairs])
        metrics["judge_agrees_with_f1"] = round(agreed.share, 4)
        metrics["judge_kappa"] = round(agreed.kappa, 4)
    return metrics


def write_run(path: Path, run: Sequence[dict[str, Any]]) -> None:
    """One JSON object per question: id, question, documents in rank order, the answer if any."""
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in run), encoding="utf-8")


def _question(line: str, *, place: str) -> Question:
    try:
        data = json.loads(line)
    except ValueError as error:
        raise DataError(f"{place}: not JSON: {error}") from error
    data = clean_value(data)
    if not isinstance(data, dict) or not isinstance(data.get("question"), str):
        raise DataError(f'{place}: expected an object with "question", as in {{"id": "q1", "question": "…"}}')
    answer = data.get("answer")
    accepted = [answer] if isinstance(answer, str) else answer if isinstance(answer, list) else []
    return Question(
        id=str(data.get("id", place.rpartition(":")[2])),
        text=data["question"],
        gold_documents=tuple(str(item) for item in data.get("gold_documents") or ()),
        answers=tuple(str(item) for item in [*accepted, *(data.get("aliases") or ())]),
    )


def _ranked_documents(
    base: GraphRAG, context: Context, *, mode: str | None, k: int
) -> tuple[list[Document], list[float]]:
    """The k best documents with their scores, each at the place of its best passage.

    Where passages share documents the search goes on to further ones: asking for more passages only
    adds to the ranking.
    """
    wanted = k
    while True:
        best: dict[str, float] = {}
        for hit, chunk in zip(
            context.hits, base.view.chunks_by_id([hit.id for hit in context.hits]), strict=True
        ):
            best.setdefault(chunk.document_id, hit.score)
        if len(best) >= k or len(context.hits) < wanted or wanted >= 8 * k:
            break
        wanted *= 2
        context = base.search(context.query.text, mode=mode, k=wanted)
    chosen = list(best)[:k]
    return base.view.documents_by_id(chosen), [best[name] for name in chosen]


def _scores(question: Question, documents: Sequence[Document], short: str | None, k: int) -> dict[str, float]:
    row: dict[str, float] = {}
    if question.gold_documents:
        gold = set(question.gold_documents)
        # A gold name may be any of a document's names; map each ranked document to the one it fits.
        ranked = [_gold_name(document, gold) for document in documents]
        for cut in sorted({2, 5, k}):
            row[f"recall@{cut}"] = recall(ranked, gold, cut)
        row[f"all_recall@{k}"] = all_recall(ranked, gold, k)
        row["mrr"] = reciprocal_rank(ranked, gold)
    if question.answers and short is not None:
        row["exact_match"] = exact_match(short, question.answers)
        row["f1"] = answer_f1(short, question.answers)
        row["contains"] = float(any(answer.casefold() in short.casefold() for answer in question.answers))
        row["abstained"] = float(not short)
    return row


def _gold_name(document: Document, gold: set[str]) -> str:
    for name in (document.key, document.title, document.source, document.id):
        if name in gold:
            return name
    return document.id


def _run_line(
    question: Question, documents: Sequence[Document], scores: Sequence[float], short: str | None
) -> dict[str, Any]:
    line: dict[str, Any] = {
        "id": question.id,
        "question": question.text,
        "documents": [
            {"key": item.key, "title": item.title, "source": item.source, "score": float(f"{score:.9g}")}
            for item, score in zip(documents, scores, strict=False)
        ],
    }
    if short is not None:
        line["answer"] = short
    return line
