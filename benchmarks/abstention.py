"""Where to withhold an answer: fitted on one half of our questions, measured on the other.

    graphrag build examples/demo/articles --out demo-kg
    python benchmarks/abstention.py demo-kg --questions examples/demo/threshold_questions.jsonl

The extractive answerer withholds an answer whose weakest step is covered below a threshold. Each threshold
of a grid is tried on the questions whose `split` is "fit": a right answer counts 1, a wrong one (to a question
that the sources do answer, or to one they do not) costs `--cost`, a withheld one nothing. The best
threshold, of several equal ones the middle one, is then measured on the questions of "held_out", which
take no part in the choice.
"""

import argparse
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from global_search import is_right, lines

from graphrag import GraphRAG
from graphrag.generation.extractive import MIN_COVERAGE, ExtractiveGenerator


@dataclass(frozen=True)
class Counts:
    """What became of the questions at one threshold."""

    right: int
    wrong: int
    withheld: int
    unfounded: int
    rightly_withheld: int

    def worth(self, cost: float) -> float:
        return self.right - cost * (self.wrong + self.unfounded)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder")
    parser.add_argument("--questions", type=Path, required=True)
    parser.add_argument("--cost", type=float, default=1.0, help="of a wrong answer, beside a right one's 1")
    parser.add_argument("--show", choices=["fit", "held_out"], help="print each answer of a half")
    given = parser.parse_args()
    questions = lines(given.questions)
    halves = {split: [item for item in questions if item["split"] == split] for split in ("fit", "held_out")}
    grid = [round(0.40 + 0.04 * step, 2) for step in range(15)]
    with GraphRAG.open(given.folder) as base:
        if given.show:
            _show(base, halves[given.show])
            return
        contexts = {item["question"]: base.search(item["question"], mode="hybrid") for item in questions}
        table = {
            split: {least: _count(base, items, contexts, least) for least in grid}
            for split, items in halves.items()
        }
    _print(table, grid, given.cost)


def _count(base: GraphRAG, items: list[dict[str, Any]], contexts: dict[str, Any], least: float) -> Counts:
    generator = ExtractiveGenerator(
        base.view,
        ontology=base.ontology,
        search=lambda text: base.search(text, mode="hybrid"),
        embedder=base.embedder,
        min_coverage=least,
    )
    right = wrong = withheld = unfounded = rightly = 0
    for item in items:
        answer = generator.answer(item["question"], contexts[item["question"]])
        if item["answer"] is None:
            rightly += answer.abstained
            unfounded += not answer.abstained
        elif answer.abstained:
            withheld += 1
        elif is_right(answer.short or answer.text, item):
            right += 1
        else:
            wrong += 1
    return Counts(right, wrong, withheld, unfounded, rightly)


def _print(table: dict[str, dict[float, Counts]], grid: list[float], cost: float) -> None:
    print("| threshold | fit: right / wrong / withheld | unanswerable withheld | held out: right / wrong / withheld "
          "| unanswerable withheld |\n|---|---|---|---|---|")  # fmt: skip
    for least in grid:
        cells = []
        for split in ("fit", "held_out"):
            found = table[split][least]
            cells.append(f"{found.right} / {found.wrong} / {found.withheld}")
            cells.append(f"{found.rightly_withheld} of {found.rightly_withheld + found.unfounded}")
        print(f"| {least:.2f} | {' | '.join(cells)} |")
    best = max(found.worth(cost) for found in table["fit"].values())
    equal = [least for least in grid if table["fit"][least].worth(cost) == best]
    fitted = equal[len(equal) // 2]
    print(
        f"\nfitted: {fitted:.2f} (as good: {', '.join(f'{least:.2f}' for least in equal)}); in use: {MIN_COVERAGE}"
    )
    print(json.dumps({split: table[split][fitted].__dict__ for split in table}))


def _show(base: GraphRAG, items: list[dict[str, Any]]) -> None:
    for item in items:
        answer = base.ask(item["question"])
        said = f"({answer.missing})" if answer.abstained else answer.short or answer.text.split("\n")[0]
        if item["answer"] is None:
            mark = " " if answer.abstained else "X"
        else:
            mark = "-" if answer.abstained else " " if is_right(answer.short or answer.text, item) else "X"
        print(f"{mark} {answer.score:.2f}  {item['question']}  ->  {said}  [{item['answer']}]")


if __name__ == "__main__":
    main()
