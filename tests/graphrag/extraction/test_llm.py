from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from graphrag.checking import Checker
from graphrag.config import Config
from graphrag.datamodel import Chunk, Document, Evidence, Extraction, Failure, Mention, Span, Triple
from graphrag.errors import ConfigError
from graphrag.extraction.llm import LLMExtractor
from graphrag.ids import chunk_id
from graphrag.llm import Gate, OpenAIClient, ResponseLedger, Secret
from graphrag.testing.server import ScriptedServer
from ontology import EntityType, Ontology, RelationType

ONTOLOGY = Ontology.build(
    "firms",
    [EntityType("Person"), EntityType("Organization"), EntityType("Place")],
    [
        RelationType("FOUNDED", domain=("Person",), range=("Organization",)),
        RelationType("ACQUIRED", domain=("Organization",), range=("Organization",)),
        RelationType("BORN_IN", domain=("Person",), range=("Place",)),
    ],
)
MakeGate = Callable[..., Gate]


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], ScriptedServer]]:
    running: dict[str, ScriptedServer] = {}

    def serve(script: str) -> ScriptedServer:
        if script not in running:
            where = script if ":" in script else f"tests.graphrag.extraction.scripts:{script}"
            running[script] = ScriptedServer(tmp_path_factory.mktemp("server"), script=where)
            running[script].__enter__()
        return running[script]

    yield serve
    for server in running.values():
        server.__exit__()


@pytest.fixture
def gate_to(servers: Callable[[str], ScriptedServer], tmp_path: Path) -> Iterator[MakeGate]:
    made: list[Gate] = []

    def make(script: str, *, structured: str = "auto") -> Gate:
        client = OpenAIClient(
            "scripted", key=Secret("k"), base_url=servers(script).url, structured=structured
        )
        made.append(Gate(client, ledger=ResponseLedger(tmp_path / f"{script.rpartition(':')[2]}.db")))
        return made[-1]

    yield make
    for gate in made:
        gate.close()


FACTS = "graphrag.testing.scripts:facts"


def chunks_of(key: str, *texts: str, title: str = "") -> list[Chunk]:
    made, start = [], 0
    for ordinal, text in enumerate(texts):
        span = Span(start, start + len(text))
        made.append(Chunk(chunk_id(key, *(span.start, span.end)), key, span, text, title, ordinal))
        start = span.end + 1
    return made


def said(results: Sequence[Extraction | Failure]) -> list[tuple[str, str, str]]:
    return [
        (triple.subject.name, triple.predicate, triple.object.name)
        for result in results
        if isinstance(result, Extraction)
        for triple in result.triples
        if triple.evidence.quote
    ]


def test_one_result_per_chunk_in_order(gate_to: MakeGate) -> None:
    chunks = chunks_of("d1", "Ada founded Acme.", "Nothing.", "Bea founded Bolt.") + chunks_of(
        "d2", "Cy founded Cog."
    )
    results = LLMExtractor(gate_to(FACTS), ONTOLOGY).extract(chunks)
    assert [result.chunk_id for result in results if isinstance(result, Extraction)] == [c.id for c in chunks]
    assert said(results) == [("Ada", "FOUNDED", "Acme"), ("Bea", "FOUNDED", "Bolt"), ("Cy", "FOUNDED", "Cog")]


def test_every_span_reads_what_it_says(gate_to: MakeGate) -> None:
    texts = ("Ada founded Acme. Dot acquired Eon.", "Ada was born in Rome.")
    document = "\n".join(texts)
    for result in LLMExtractor(gate_to(FACTS), ONTOLOGY).extract(chunks_of("d", *texts)):
        assert isinstance(result, Extraction)
        assert result.triples
        for triple in result.triples:
            assert document[triple.evidence.span.start : triple.evidence.span.end] == triple.evidence.quote
        for mention in result.mentions:
            assert document[mention.span.start : mention.span.end] == mention.text


def test_chunks_of_a_document_share_a_call_and_documents_never_do(
    gate_to: MakeGate, servers: Callable[[str], ScriptedServer]
) -> None:
    before = len(servers(FACTS).requests())
    chunks = chunks_of("s1", "Ada founded One.", "Ada founded Two.") + chunks_of("s2", "Ada founded Three.")
    LLMExtractor(gate_to(FACTS), ONTOLOGY, gleanings=0).extract(chunks)
    bodies = servers(FACTS).bodies()[before:]
    assert len(bodies) == 2
    assert not any("One" in str(body) and "Three" in str(body) for body in bodies)


def test_the_packing_of_a_document_does_not_depend_on_others(gate_to: MakeGate) -> None:
    gate = gate_to(FACTS)
    own = chunks_of("p1", "Ada founded Ann.", "Bea founded Ben.")
    alone = LLMExtractor(gate, ONTOLOGY).extract(own)
    calls = gate.usage.calls
    among = LLMExtractor(gate, ONTOLOGY).extract([*chunks_of("p0", "Cy founded Cog."), *own])
    assert among[1:] == alone
    assert gate.usage.calls - calls == 2  # those of p0: a call and a gleaning


def test_gleaning_finds_more_and_stops_when_nothing_is_added(
    gate_to: MakeGate, servers: Callable[[str], ScriptedServer]
) -> None:
    chunks = chunks_of("g", "Ada founded Acme. Bea founded Bolt. Cy founded Cog.")
    counts = {}
    for rounds in (0, 1, 5):
        before = len(servers("one_at_a_time").requests())
        results = LLMExtractor(gate_to("one_at_a_time"), ONTOLOGY, gleanings=rounds).extract(chunks)
        counts[rounds] = (len(said(results)), len(servers("one_at_a_time").requests()) - before)
    assert counts[0] == (1, 1)
    assert counts[1] == (2, 1)  # the first answer is in the ledger
    assert counts[5] == (3, 2)


def test_a_second_run_asks_nothing(gate_to: MakeGate) -> None:
    chunks = chunks_of("again", "Ada founded Acme.", "Bea was born in Rome.")
    first = LLMExtractor(gate_to(FACTS), ONTOLOGY).extract(chunks)
    gate = gate_to(FACTS)
    extractor = LLMExtractor(gate, ONTOLOGY)
    assert extractor.extract(chunks) == first
    assert gate.usage.calls == 0
    assert extractor.estimate(chunks).cached == 1


def test_an_estimate_is_near_what_is_paid(gate_to: MakeGate) -> None:
    chunks = [
        c
        for n in range(8)
        for c in chunks_of(f"est{n}", f"Ada{n} founded Acme{n}. " + "It rained all day. " * 60)
    ]
    gate = gate_to(FACTS)
    estimate = LLMExtractor(gate, ONTOLOGY, gleanings=0).estimate(chunks)
    LLMExtractor(gate, ONTOLOGY, gleanings=0).extract(chunks)
    assert estimate.calls == gate.usage.calls == 8
    assert gate.usage.prompt_tokens > 0


@pytest.mark.parametrize("structured", ["json_schema", "json_object", "none"])
def test_the_three_ways_of_asking_for_json(
    gate_to: MakeGate, servers: Callable[[str], ScriptedServer], structured: str
) -> None:
    chunks = chunks_of("way", "Ada founded Acme.")
    assert said(LLMExtractor(gate_to(FACTS, structured=structured), ONTOLOGY).extract(chunks))
    sent = servers(FACTS).bodies()[-1].get("response_format")
    assert (sent or {"type": "none"})["type"] == structured


class Draft:
    """A small extractor that reads "X founded Y" and thinks that everybody also "bought" it."""

    fingerprint = "draft-1"

    def extract(self, chunks: Sequence[Chunk]) -> list[Extraction | Failure]:
        return [self._read(chunk) for chunk in chunks]

    def _read(self, chunk: Chunk) -> Extraction:
        subject, _, rest = chunk.text.partition(" founded ")
        if not rest:
            return Extraction(chunk.id)
        target = rest.partition(".")[0]

        def mention(words: str) -> Mention:
            start = chunk.span.start + chunk.text.index(words)
            return Mention(chunk.id, Span(start, start + len(words)), words, words)

        quote = f"{subject} founded {target}"
        evidence = Evidence(
            "d", chunk.id, Span(chunk.span.start, chunk.span.start + len(quote)), quote, "draft", 0.5
        )
        made = [Triple(mention(subject), words, mention(target), evidence) for words in ("founded", "bought")]
        return Extraction(chunk.id, tuple(mention(words) for words in (subject, target)), tuple(made))


def test_a_judge_confirms_or_takes_the_evidence_away(gate_to: MakeGate) -> None:
    chunks = chunks_of("d", "Ada founded Acme.", "No names at all.")
    gate = gate_to("careful_judge")
    results = LLMExtractor(gate, ONTOLOGY, mode="judge", draft=Draft()).extract(chunks)
    assert said(results) == [("Ada", "FOUNDED", "Acme")]
    first = results[0]
    assert isinstance(first, Extraction)
    checked = Checker(ONTOLOGY, Config()).check(Document("d", "k", "Ada founded Acme."), [first])
    assert [(item.decision, item.reason) for item in checked] == [("accept", None), ("reject", "unsupported")]
    assert gate.usage.calls == 1


def test_a_completing_judge_adds_what_was_left_out(gate_to: MakeGate) -> None:
    chunks = chunks_of("d", "Ada founded Acme. Acme acquired Bolt.")
    results = LLMExtractor(gate_to("careful_judge"), ONTOLOGY, mode="complete", draft=Draft()).extract(chunks)
    assert said(results) == [("Ada", "FOUNDED", "Acme"), ("Acme", "ACQUIRED", "Bolt")]


def test_a_prefilter_asks_only_where_two_names_stand(gate_to: MakeGate) -> None:
    gate = gate_to(FACTS)
    chunks = chunks_of("d", "It rained.") + chunks_of("e", "Ada founded Acme.")
    results = LLMExtractor(gate, ONTOLOGY, prefilter=True, draft=Draft(), gleanings=0).extract(chunks)
    assert gate.usage.calls == 1
    assert len(results) == 2
    assert said(results) == [("Ada", "FOUNDED", "Acme")]


@pytest.mark.parametrize("options", [{"mode": "judge"}, {"mode": "complete"}, {"prefilter": True}])
def test_the_hybrid_modes_need_a_draft(gate_to: MakeGate, options: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match="needs a draft extractor"):
        LLMExtractor(gate_to(FACTS), ONTOLOGY, **options)  # type: ignore[arg-type]


def test_the_fingerprint_follows_what_may_change_results(gate_to: MakeGate) -> None:
    gate = gate_to(FACTS)
    base = LLMExtractor(gate, ONTOLOGY).fingerprint
    assert LLMExtractor(gate_to(FACTS), ONTOLOGY).fingerprint == base
    others = [
        LLMExtractor(gate, None),
        LLMExtractor(gate, ONTOLOGY, gleanings=2),
        LLMExtractor(gate, ONTOLOGY, call_tokens=5),
        LLMExtractor(gate, ONTOLOGY, mode="judge", draft=Draft()),
        LLMExtractor(gate, ONTOLOGY, mode="complete", draft=Draft()),
    ]
    assert len({extractor.fingerprint for extractor in others} | {base}) == 6
