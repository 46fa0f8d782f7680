"""What corpus-wide search costs, and how well it and the extractive answers do on a question set.

    python benchmarks/global_search.py scale --entities 100000 --relations 300000
    python benchmarks/global_search.py questions KG --questions Q.jsonl --unanswerable U.jsonl
    python benchmarks/global_search.py global KG --questions G.jsonl
    python benchmarks/global_search.py change KG [--rebuild]

`scale` makes a power-law graph with a sentence per relation and measures, in CPU seconds of this
process: the hierarchy, the extractive reports of all communities, reports again after one relation
changed, laying communities over the index, and one question. `change` copies a knowledge base, edits
one of its documents (two facts more), and prints what a refresh costs and which reports it wrote; with
`--rebuild` all documents are read again into a fresh base and both canonical exports compared.
`questions` and `global` print the answers as a Markdown table; question files are JSON lines as in
examples/demo.
"""

import argparse
import json
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from graphrag import GraphRAG
from graphrag.communities import find_communities, refresh_communities
from graphrag.config import CommunitiesConfig
from graphrag.datamodel import Chunk, Community, Document, Entity, Evidence, Relation, Report, Span
from graphrag.documents import make_document
from graphrag.embedding.wordllama import WordLlamaEmbedder
from graphrag.generation.extractive import ExtractiveGenerator
from graphrag.generation.verification import verify
from graphrag.ids import chunk_id, content_id, document_id, relation_id
from graphrag.index.builder import build_search_index
from graphrag.index.terms import folded
from graphrag.merging import stated_within
from graphrag.reports import make_reports
from graphrag.retrieval.global_ import GlobalRetriever

VERBS = [
    "founded",
    "bought",
    "joined",
    "sued",
    "praised",
    "taught",
    "led",
    "named",
    "visited",
    "employed",
    "funded",
    "advised",
    "sold",
    "built",
]
SYLLABLES = [
    "ka",
    "lo",
    "mi",
    "ren",
    "tor",
    "vel",
    "sar",
    "den",
    "mar",
    "pol",
    "nis",
    "hal",
    "bro",
    "ga",
    "ste",
    "fin",
]
PER_DOCUMENT = 12


class PowerLawView:
    """A `KnowledgeView` of things with made-up names; each relation is one sentence of some document."""

    def __init__(self, entities: int, relations: int, seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        self.commit = 1
        weight = (np.arange(entities) + 5.0) ** -0.7
        heads = rng.choice(entities, relations, p=weight / weight.sum())
        tails = rng.integers(0, entities, relations)
        near = rng.random(relations) < 0.8  # most relations stay in the neighbourhood
        tails[near] = (heads[near] + rng.integers(1, 40, int(near.sum()))) % entities
        verbs = rng.integers(0, len(VERBS), relations)
        names = [name_of(number) for number in range(entities)]
        self._entities = [Entity(content_id("ent", str(n)), name, "Thing") for n, name in enumerate(names)]
        self._documents: dict[str, Document] = {}
        self._chunks: dict[str, Chunk] = {}
        self._relations: dict[str, Relation] = {}
        self._mentions: list[tuple[str, str, Span]] = []
        order = np.lexsort((np.arange(relations), heads))
        for start in range(0, relations, PER_DOCUMENT):
            self._add(start, order[start : start + PER_DOCUMENT], heads, tails, verbs, names)
        self._entities.sort(key=lambda entity: entity.id)
        self._by_id = {entity.id: entity for entity in self._entities}
        self._mentions.sort()
        self._communities: list[Community] = []
        self._reports: dict[str, Report] = {}

    def _add(self, number: int, rows: Sequence[int], heads, tails, verbs, names) -> None:  # type: ignore[no-untyped-def]
        sentences, places, place = [], [], 0
        for row in rows:
            sentence = (
                f"{names[heads[row]]} {VERBS[verbs[row]]} {names[tails[row]]} in {1800 + int(row) % 220}."
            )
            sentences.append(sentence)
            places.append(place)
            place += len(sentence) + 1
        text = " ".join(sentences)
        key = document_id(str(number), "", text, {})
        chunk = Chunk(chunk_id(key, 0, len(text)), key, Span(0, len(text)), text)
        self._documents[key] = Document(key, str(number), text)
        self._chunks[chunk.id] = chunk
        for row, sentence, start in zip(rows, sentences, places, strict=True):
            ends = [content_id("ent", str(int(end))) for end in (heads[row], tails[row])]
            span = Span(start, start + len(sentence))
            evidence = Evidence(key, chunk.id, span, sentence, "made", 1.0)
            relation = relation_id(ends[0], VERBS[verbs[row]].upper(), ends[1])
            self._relations[relation] = Relation(
                relation, ends[0], VERBS[verbs[row]].upper(), ends[1], 1.0, (evidence,)
            )
            self._mentions += [(chunk.id, end, span) for end in ends]

    def set(self, communities: Sequence[Community], reports: Sequence[Report]) -> None:
        self._communities = sorted(communities, key=lambda community: community.id)
        self._reports = {report.community_id: report for report in reports}

    def touch(self) -> None:
        """Give one relation another weight."""
        first = min(self._relations)
        self._relations[first] = replace(self._relations[first], weight=2.0)

    def documents(self) -> Iterator[Document]:
        return (self._documents[key] for key in sorted(self._documents))

    def chunks(self) -> Iterator[Chunk]:
        return (self._chunks[key] for key in sorted(self._chunks))

    def entities(self) -> Iterator[Entity]:
        return iter(self._entities)

    def relations(self) -> Iterator[Relation]:
        return (self._relations[key] for key in sorted(self._relations))

    def names(self) -> Iterator[tuple[str, str]]:
        return iter(sorted((entity.name.lower(), entity.id) for entity in self._entities))

    def mentions(self) -> Iterator[tuple[str, str, Span]]:
        return iter(self._mentions)

    def subjects(self) -> Iterator[tuple[str, str]]:
        return iter(())

    def documents_by_id(self, ids: Sequence[str]) -> list[Document]:
        return [self._documents[key] for key in ids]

    def chunks_by_id(self, ids: Sequence[str]) -> list[Chunk]:
        return [self._chunks[key] for key in ids]

    def entities_by_id(self, ids: Sequence[str]) -> list[Entity]:
        return [self._by_id[key] for key in ids]

    def relations_by_id(self, ids: Sequence[str]) -> list[Relation]:
        return [self._relations[key] for key in ids]

    def relations_within(self, ids: Sequence[str], chunk_ids: Sequence[str]) -> list[Relation]:
        return stated_within(self.relations_by_id(ids), chunk_ids)

    def entities_named(self, normal: str) -> list[str]:
        return []

    def communities(self) -> Iterator[Community]:
        return iter(self._communities)

    def reports_by_id(self, community_ids: Sequence[str]) -> list[Report]:
        return [self._reports[key] for key in community_ids]


def name_of(number: int) -> str:
    """A name of two words, another for each number."""
    parts = []
    for _ in range(2):
        word = ""
        for _ in range(3):
            number, rest = divmod(number, len(SYLLABLES))
            word += SYLLABLES[rest]
        parts.append(word.capitalize())
    return " ".join(parts)


def scale(entities: int, relations: int) -> None:
    """Measure each part on a made graph."""
    view = PowerLawView(entities, relations)
    figures: dict[str, float] = {}

    def timed(name: str, started: float) -> None:
        figures[name] = round(time.process_time() - started, 2)

    started = time.process_time()
    communities = find_communities(view, CommunitiesConfig())
    timed("hierarchy", started)
    started = time.process_time()
    reports = make_reports(view, communities)
    timed("reports", started)
    view.set(communities, reports)
    view.touch()
    started = time.process_time()
    again = make_reports(view, communities, previous={report.community_id: report for report in reports})
    timed("reports again, one relation changed", started)
    rewritten = sum(old is not new for old, new in zip(reports, again, strict=True))
    embedder = WordLlamaEmbedder()
    with TemporaryDirectory() as folder:
        started = time.process_time()
        index = build_search_index(view, embedder, Path(folder))
        timed("search index", started)
        started = time.process_time()
        retriever = GlobalRetriever(view, index, embedder)
        timed("communities over the index", started)
        for question in (
            "Which feuds and lawsuits shaped the guilds?",  # the first question also loads lexicon and arrays
            "How did the founding of firms change the trades?",
            "What are the main themes?",
        ):
            started = time.process_time()
            answer = ExtractiveGenerator(view).answer(question, retriever.retrieve(question))
            timed(f"question: {question}", started)
            assert verify(answer, view).is_clean
    counts = {"entities": entities, "relations": len(view._relations), "communities": len(communities)}
    levels = {str(level): sum(item.level == level for item in communities) for level in range(20)}
    print(json.dumps({**counts, "levels": {k: v for k, v in levels.items() if v}, "rewritten": rewritten}))
    print(json.dumps(figures, indent=1))


def change(folder: str, *, rebuild: bool) -> None:
    """Edit one document; count the communities that are new and the reports that were written anew."""
    with TemporaryDirectory() as work:
        copy = Path(work) / "kg"
        shutil.copytree(folder, copy)
        with GraphRAG.open(copy, write=True) as base:
            documents = sorted(base.view.documents(), key=lambda item: item.key)
            old, warm = documents[len(documents) // 2], documents[-1]
            # Loads the language models, and brings communities made by other code up to date.
            edit(base, warm, "It was written in Harlow.")
            refresh_communities(base.view, base.config, base.ontology)
            members = {item.id: item.entity_ids for item in base.view.communities()}
            figures = {"documents": len(documents), "communities": len(members)}
            started = time.process_time()
            edit(base, old, "Rosa Venn was born in Tarrow. Rosa Venn founded Aldwick Mill in 1884.")
            figures["read_cpu_s"] = round(time.process_time() - started, 2)  # type: ignore[assignment]
            started = time.process_time()
            _, anew = refresh_communities(base.view, base.config, base.ontology)
            figures["communities_and_reports_cpu_s"] = round(time.process_time() - started, 2)  # type: ignore[assignment]
            after = {item.id: item.entity_ids for item in base.view.communities()}
            figures["with_other_members"] = len(after.keys() - members.keys())
            figures["reports_written_anew"] = anew
            started = time.process_time()
            base.refresh()
            figures["search_index_cpu_s"] = round(time.process_time() - started, 2)  # type: ignore[assignment]
            changed = base.view.fingerprint()
            every = list(base.view.documents())
        print(json.dumps(figures, indent=1))
        if rebuild:
            with GraphRAG.create(Path(work) / "fresh") as fresh:
                fresh.add(every)
                fresh.refresh()
                print("equals a rebuild:", fresh.view.fingerprint() == changed)


def edit(base: GraphRAG, document: Document, more: str) -> None:
    """Add sentences to a document, as a user who edits its file does."""
    base.add(
        make_document(
            f"{document.text} {more}",
            key=document.key,
            title=document.title,
            source=document.source,
            metadata=dict(document.metadata),
        )
    )


def questions(folder: str, path: Path, unanswerable: Path | None) -> None:
    """Answers of the extractive generator beside what is expected."""
    good = total = withheld = asked = exact = cited = 0
    print("| question | answer | expected | right | path |\n|---|---|---|---|---|")
    with GraphRAG.open(folder) as base:
        for item in lines(path):
            answer = base.ask(item["question"])
            checked = verify(answer, base.view)
            right = not answer.abstained and is_right(answer.short, item)
            good, total = good + right, total + 1
            exact, cited = exact + answer_is_cited(answer, checked), cited + 1
            way = next((part[6:] for part in answer.text.split("\n") if part.startswith("Path: ")), "")
            short = answer.short or answer.missing
            row(item["question"], short, item["answer"], "yes" if right else "**no**", way)
        for item in lines(unanswerable) if unanswerable else ():
            answer = base.ask(item["question"])
            withheld, asked = withheld + answer.abstained, asked + 1
            mark = "yes" if answer.abstained else "**no**"
            row(item["question"], answer.short or answer.missing, "–", mark, "")
    print(f"\n{good} of {total} right, {withheld} of {asked} withheld", end=", ")
    print(f"{exact} of {cited} with exact citations only")


def row(*cells: str) -> None:
    print(f"| {' | '.join(cells)} |")


def answer_is_cited(answer, checked) -> bool:  # type: ignore[no-untyped-def]
    """Whether an answer is an abstention, or cites, and nothing was found wrong."""
    return answer.abstained or (bool(answer.citations) and checked.is_clean)


def corpus_wide(folder: str, path: Path, *, quote: bool) -> None:
    """Answers to corpus-wide questions: communities, share looked at, precision of citations, recall.

    Relevant communities are the finest ones that are home to the passages of the relevant documents.
    """
    told = "first point" if quote else "first documents cited"
    figures = "points | communities | looked at | citation precision"
    print(f"| question | mode | {told} | {figures} | relevant documents cited | their communities cited |")
    print("|---|---|---|---|---|---|---|---|---|")
    shares: list[float] = []
    with GraphRAG.open(folder) as base:
        keys = {document.id: document.key for document in base.view.documents()}
        titles = {document.id: document.title for document in base.view.documents()}
        home = homes_of_documents(base)
        for item in lines(path):
            answer = base.ask(item["question"])
            checked = verify(answer, base.view)
            found = {keys[citation.evidence.document_id] for citation in answer.citations}
            wanted = set(item.get("relevant_documents", ()))
            recall = f"{len(found & wanted)} of {len(wanted)}" if wanted else ""
            groups = {home[key] for key in wanted if key in home}
            hit = groups & {home[key] for key in found if key in home}
            if groups:
                shares.append(len(hit) / len(groups))
            cited = list(dict.fromkeys(titles[item.evidence.document_id] for item in answer.citations))
            first = next((line for line in answer.text.split("\n") if "[1]" in line), answer.text)
            row(
                item["question"],
                answer.context.mode,
                first.removeprefix("- ") if quote else "; ".join(cited[:3]),
                str(len(answer.citations)),
                str(len(answer.communities)),
                f"{answer.coverage or 0:.0%}",
                f"{checked.precision:.2f}",
                recall,
                f"{len(hit)} of {len(groups)}" if groups else "",
            )
    if shares:
        mean = sum(shares) / len(shares)
        print(f"\n{mean:.0%} of the relevant communities, mean over {len(shares)} questions")


def homes_of_documents(base: GraphRAG) -> dict[str, str]:
    """The finest community that is home to the first passage of each document, by the document's key."""
    themes = GlobalRetriever(base.view, base.index, base.embedder).themes
    chunks = list(base.view.chunks_by_id(list(base.index.chunk_ids.take(np.arange(len(themes.home))))))
    keys = {document.id: document.key for document in base.view.documents()}
    found: dict[str, str] = {}
    for chunk, community in zip(chunks, themes.home.tolist(), strict=True):
        if community >= 0 and chunk.ordinal == 0:
            found[keys[chunk.document_id]] = themes.communities[community].id
    return found


def is_right(short: str, item: dict) -> bool:  # type: ignore[type-arg]
    """Whether the short answer holds an accepted form; of a list, every member."""
    said = " ".join(folded(short))
    accepted = [item["answer"], *item.get("aliases", ())]
    parts = [" ".join(folded(part)) for part in item["answer"].split(", ")]
    return any(" ".join(folded(form)) in said for form in accepted) or all(part in said for part in parts)


def lines(path: Path) -> list[dict]:  # type: ignore[type-arg]
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    sized = commands.add_parser("scale")
    sized.add_argument("--entities", type=int, default=100_000)
    sized.add_argument("--relations", type=int, default=300_000)
    changed = commands.add_parser("change")
    changed.add_argument("folder")
    changed.add_argument("--rebuild", action="store_true")
    for name in ("questions", "global"):
        command = commands.add_parser(name)
        command.add_argument("folder")
        command.add_argument("--questions", type=Path, required=True)
        if name == "global":
            command.add_argument("--titles", action="store_true", help="print titles, not the first point")
        if name == "questions":
            command.add_argument("--unanswerable", type=Path)
    given = parser.parse_args()
    if given.command == "scale":
        scale(given.entities, given.relations)
    elif given.command == "change":
        change(given.folder, rebuild=given.rebuild)
    elif given.command == "questions":
        questions(given.folder, given.questions, given.unanswerable)
    else:
        corpus_wide(given.folder, given.questions, quote=not given.titles)


if __name__ == "__main__":
    main()
