r"""Where to withhold an answer: fitted on one half of our questions, measured on the other.

    graphrag build examples/demo/articles --out demo-kg
    python benchmarks/abstention.py demo-kg --questions examples/demo/threshold_questions.jsonl \
        --also examples/demo/questions.jsonl examples/demo/unanswerable.jsonl

The extractive answerer withholds an answer whose weakest step is covered below one threshold, or whose
score is below another. Each pair of a grid is tried on the questions whose `split` is "fit" and those of
`--also`: a right answer counts 1, a wrong one (also to a question that the sources do not answer) costs
`--cost`, a withheld one nothing. Of the best pairs the one in the middle is then measured on the questions
of "held_out", which take no part in the choice.
"""

import argparse
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from global_search import is_right, lines

from graphrag import GraphRAG
from graphrag.generation.extractive import MIN_COVERAGE, MIN_SCORE, ExtractiveGenerator

COVERAGES = [round(0.50 + 0.04 * step, 2) for step in range(11)]
SCORES = [round(0.40 + 0.03 * step, 2) for step in range(19)]


@dataclass(frozen=True)
class Said:
    """An answer: its score (-1 if none was found), and whether it is right (None: there is none)."""

    score: float
    right: bool | None


@dataclass(frozen=True)
class Counts:
    """What became of the questions at one pair of thresholds."""

    right: int
    wrong: int
    withheld: int
    unfounded: int
    rightly_withheld: int

    def worth(self, cost: float) -> float:
        return self.right - cost * (self.wrong + self.unfounded)

    def cells(self) -> str:
        asked = self.rightly_withheld + self.unfounded
        return f"{self.right} / {self.wrong} / {self.withheld} | {self.rightly_withheld} of {asked}"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder")
    parser.add_argument("--questions", type=Path, required=True)
    parser.add_argument("--also", type=Path, nargs="*", default=[], help="further questions to fit on")
    parser.add_argument("--cost", type=float, default=1.0, help="of a wrong answer, beside a right one's 1")
    parser.add_argument("--show", choices=["fit", "held_out"], help="print each answer of a half")
    given = parser.parse_args()
    halves: dict[str, list[dict[str, Any]]] = {"fit": [], "held_out": []}
    for path in (given.questions, *given.also):
        for item in lines(path):
            halves[item.get("split", "fit")].append(item)
    with GraphRAG.open(given.folder) as base:
        if given.show:
            show(base, halves[given.show])
            return
        said = {half: asked_at(base, items) for half, items in halves.items()}
    print_table(said, given.cost)


def asked_at(base: GraphRAG, items: list[dict[str, Any]]) -> dict[float, list[Said]]:
    """What is answered at each threshold of coverage; that of the score is applied to it after."""
    contexts = [base.search(item["question"], mode="hybrid") for item in items]
    found: dict[float, list[Said]] = {}
    for least in COVERAGES:
        generator = ExtractiveGenerator(
            base.view,
            ontology=base.ontology,
            search=lambda text: base.search(text, mode="hybrid"),
            embedder=base.embedder,
            min_coverage=least,
            min_score=0.0,
        )
        found[least] = [
            _said(generator, item, context) for item, context in zip(items, contexts, strict=True)
        ]
    return found


def _said(generator: ExtractiveGenerator, item: dict[str, Any], context: Any) -> Said:
    answer = generator.answer(item["question"], context)
    right = None if item["answer"] is None else is_right(answer.short or answer.text, item)
    # The threshold is for short answers; what is told without one stands at any.
    return Said(-1.0 if answer.abstained else answer.score, right)


def count(said: list[Said], least: float) -> Counts:
    given = [item for item in said if item.score >= least]
    asked = sum(item.right is not None for item in said)
    told = sum(item.right is not None for item in given)
    right = sum(item.right is True for item in given)
    unfounded = sum(item.right is None for item in given)
    return Counts(right, told - right, asked - told, unfounded, len(said) - asked - unfounded)


def print_table(said: dict[str, dict[float, list[Said]]], cost: float) -> None:
    worth = {
        (coverage, score): count(said["fit"][coverage], score).worth(cost)
        for coverage in COVERAGES
        for score in SCORES
    }
    best = max(worth.values())
    equal = [pair for pair, value in worth.items() if value == best]
    coverage, score = equal[len(equal) // 2]
    columns = "right / wrong / withheld | unanswerable withheld"
    for name, pairs in (
        ("score", [(coverage, other) for other in SCORES]),
        ("coverage", [(other, score) for other in COVERAGES]),
    ):
        print(f"\n| least {name} | fitted on: {columns} | held out: {columns} |\n|---|---|---|---|---|")
        for pair in pairs:
            halves = [count(said[half][pair[0]], pair[1]) for half in ("fit", "held_out")]
            print(f"| {pair[name == 'score']:.2f} | {halves[0].cells()} | {halves[1].cells()} |")
    print(f"\nfitted: coverage {coverage}, score {score}; in use: {MIN_COVERAGE}, {MIN_SCORE}")
    print(f"{len(equal)} pairs are as good: {equal}")
    print(json.dumps({half: asdict(count(said[half][coverage], score)) for half in said}))


def show(base: GraphRAG, items: list[dict[str, Any]]) -> None:
    """Each answer: X wrong, - withheld from a question that has one."""
    for item in items:
        answer = base.ask(item["question"])
        told = f"({answer.missing})" if answer.abstained else answer.short or answer.text.split("\n")[0]
        right = (
            item["answer"] is not None
            and not answer.abstained
            and is_right(answer.short or answer.text, item)
        )
        wrong = "X" if not answer.abstained else "-" if item["answer"] is not None else " "
        mark = " " if right else wrong
        print(f"{mark} {answer.score:.2f}  {item['question']}  ->  {told}  [{item['answer']}]")


if __name__ == "__main__":
    main()
