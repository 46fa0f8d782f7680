"""Whether names with slips of the pen still lead to the right entities.

    python benchmarks/name_linking.py DATA [--work FOLDER] [--size 780]

DATA as in `benchmarks/retrieval.py`; each question of ``gold/2wiki.json`` also stands there with one slip in
every name (``question_noisy``). The right entities of a question are those that the gold passages are about,
where the clean question spells their title out. Prints the share of them that linking finds in the clean and
in the misspelt question, and how many entities it finds in all.
"""

import argparse
import json
from pathlib import Path

from retrieval import QuestionSet, open_base

from graphrag.linking import link_question
from graphrag.names import split_qualifier


def main() -> None:
    """Print one JSON record for each way of spelling."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("--work", type=Path, default=Path("build/benchmarks"))
    parser.add_argument("--size", type=int, help="First so many passages; all if absent.")
    arguments = parser.parse_args()
    questions = json.loads((arguments.data / "gold" / "2wiki.json").read_text(encoding="utf-8"))
    with open_base(arguments.data, arguments.work, QuestionSet("2wiki", arguments.size)) as base:
        index = base.index
        about = dict(base.view.subjects())
        of_key = {document.key: about.get(document.id) for document in base.view.documents()}
        ids = list(index.entity_ids)
        for spelling in ("question", "question_noisy"):
            right = found = linked = 0
            missed: list[str] = []
            for item in questions:
                named = [title for title in item["gold"] if _stands_in(title, item["question"])]
                wanted = {of_key[title] for title in named} - {None}
                got = {ids[link.entity] for link in link_question(index, item[spelling]).entities}
                right += len(wanted)
                found += len(wanted & got)
                linked += len(got)
                missed += [item[spelling]] * bool(wanted - got)
            record = {
                "spelling": spelling,
                "questions": len(questions),
                "right_entities": right,
                "found": found,
                "share": round(found / right, 3),
                "linked_in_all": linked,
                "missed": missed[:5],
            }
            print(json.dumps(record, ensure_ascii=False))


def _stands_in(title: str, question: str) -> bool:
    name = split_qualifier(title)[0]
    return name.casefold() in question.casefold()


if __name__ == "__main__":
    main()
