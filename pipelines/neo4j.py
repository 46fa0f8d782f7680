"""What people do with a knowledge base in Neo4j: move it, compare it, and look at it in Neo4j Browser."""

import json
import math
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from graphrag.errors import ConfigError, DataError, NotFoundError
from graphrag.store.identifiers import label, relationship
from graphrag.store.ledger import Ledger
from graphrag.store.neo4j import Connection, Neo4jServer
from graphrag.store.neo4j_view import Neo4jView, pull
from graphrag.store.neo4j_write import PushReport, differences, push

if TYPE_CHECKING:
    from graphrag.config import Config
    from graphrag.generation.cypher import Found
    from graphrag.interfaces import Progress
    from ontology import Ontology

# Okabe and Ito's palette and lighter and darker kin of it: told apart with any kind of colour sight.
_COLORS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#7A6FAC")
_STATIC = {"Document": "#5C6773", "Chunk": "#A5ABB6", "Community": "#D9C7A0", "Rejected": "#B03A2E"}


def push_to(
    kg: str | Path,
    server: Neo4jServer,
    *,
    full: bool = False,
    rejected: bool = False,
    progress: "Progress | None" = None,
) -> PushReport:
    """Make Neo4j equal to the knowledge base in a folder.

    Args: as `graphrag.store.neo4j_write.push`.
    """
    with Ledger.open(kg) as ledger, Connection(server, progress=progress) as connection:
        return push(ledger, connection, full=full, rejected=rejected, progress=progress)


def push_vectors(kg: str | Path, server: Neo4jServer, *, progress: "Progress | None" = None) -> int:
    """Give the passages in Neo4j the vectors of the embedder of `kg`; the number written."""
    from graphrag.context import passage_text
    from graphrag.engine import GraphRAG
    from graphrag.store.neo4j_vectors import write_vectors
    from pipelines.model import lend_embedding_key

    with GraphRAG.open(kg) as base, Connection(server, progress=progress) as connection:
        lend_embedding_key(base, trusted=False)
        embedder = base.embedder
        return write_vectors(
            connection,
            embedder.name,
            embedder.dim,
            lambda chunks: embedder.embed([passage_text(chunk) for chunk in chunks]),
        )


def pull_from(server: Neo4jServer, kg: str | Path, *, progress: "Progress | None" = None) -> str:
    """Make the knowledge base in Neo4j again in a folder; gives its fingerprint.

    Raises:
        DataError: If the folder holds one already.
    """
    if Ledger.exists(kg):
        raise DataError(f'"{kg}" holds a knowledge base already; choose another folder')
    with Connection(server, progress=progress) as connection:
        ledger = pull(connection, kg, progress=progress)
        with ledger:
            return ledger.fingerprint()


def verify(kg: str | Path, server: Neo4jServer) -> list[str]:
    """What in Neo4j is not as the knowledge base in a folder has it; [] if nothing is."""
    with Ledger.open(kg) as ledger, Connection(server) as connection:
        return list(differences(ledger, connection))


@contextmanager
def opened(server: Neo4jServer) -> Iterator[Neo4jView]:
    """The knowledge base in Neo4j, for reading."""
    with Connection(server) as connection:
        yield Neo4jView(connection)


def query_in(
    server: Neo4jServer, text: str, parameters: Mapping[str, object], *, rows: int, seconds: float
) -> list[dict[str, Any]]:
    """Rows of a query that only reads, or of a template; as `Neo4jView.query`."""
    with opened(server) as view:
        return view.query(text, parameters, rows=rows, seconds=seconds)


def parameters_of(given: Sequence[str]) -> dict[str, object]:
    """Values from ``NAME=VALUE``: JSON where it is, text where it is not.

    Raises:
        ConfigError: If one has no name.
    """
    values: dict[str, object] = {}
    for item in given:
        name, sign, text = item.partition("=")
        if not sign or not name.isidentifier():
            raise ConfigError(f'"{item}" is not of the form NAME=VALUE')
        try:
            values[name] = json.loads(text)
        except json.JSONDecodeError:
            values[name] = text
    return values


def plain_rows(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows with plain values only: dates and points as text, bytes as their number."""
    return [{key: _plain(value) for key, value in row.items()} for row in rows]


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, bytes | bytearray):
        return f"{len(value)} bytes"
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else str(value)


def ask_in_cypher(
    server: Neo4jServer, question: str, config: "Config | None", *, rows: int, seconds: float
) -> "Found":
    """What a query found that the configured model wrote for a question.

    Args:
        config: The user's settings; those stored with the knowledge base if None.

    Raises:
        ConfigError: If the settings do not allow it (``llm.cypher``), or name no model.
        GenerationError: If the model wrote no query that could be run.
    """
    from graphrag.generation.cypher import QueryWriter
    from graphrag.llm.setup import sampling_of
    from pipelines.model import open_model

    with opened(server) as view:
        if config is None or not config.llm.cypher:
            raise ConfigError(
                "letting a model write queries is off; allow it with --set llm.cypher=true beside the "
                "model's settings (--set llm.model=...), or write the query yourself"
            )
        words = view.vocabulary()
        with open_model(config, None) as gate:
            writer = QueryWriter(
                gate,
                words.described(),
                check=words.problems,
                run=lambda text, values: view.query(text, values, rows=rows, seconds=seconds),
                rows=rows,
                sampling=sampling_of(config.llm, "answer"),
                prompts=Path(config.llm.prompts) if config.llm.prompts else None,
            )
            return writer.answer(question)


# Neo4j Browser


def style(ontology: "Ontology | None") -> str:
    """A Neo4j Browser style sheet: a colour for each branch of the ontology's types, names as captions.

    General types come first, so that where a node has several labels the most specific one wins.
    """
    rules = [
        "node {\n  diameter: 50px;\n  color: #8A8F98;\n  border-color: #6B7079;\n  border-width: 2px;\n"
        "  text-color-internal: #FFFFFF;\n  font-size: 10px;\n  caption: '{name}';\n}",
        "relationship {\n  color: #8A8F98;\n  shaft-width: 1px;\n  font-size: 8px;\n  padding: 3px;\n"
        "  text-color-external: #000000;\n  text-color-internal: #FFFFFF;\n  caption: '<type>';\n}",
    ]
    colors = {**_colors(ontology), **_STATIC}
    rules += [_node_rule(name, color) for name, color in colors.items()]
    names = sorted({relationship(key) for key in ontology.relations}) if ontology is not None else []
    for place, name in enumerate(names):
        color = _color(place % (2 * len(_COLORS)))  # a thin line must not be pale
        rules.append(
            f"relationship.{name} {{\n  color: {color};\n  shaft-width: 2px;\n"
            f"  text-color-internal: {_text_on(color)};\n  caption: '<type>';\n}}"
        )
    return "\n\n".join(rules) + "\n"


def saved_queries() -> dict[str, str]:
    """The saved queries by file name; the first line of each is its title."""
    folder = resources.files("pipelines") / "view" / "neo4j"
    return {
        item.name: item.read_text(encoding="utf-8")
        for item in sorted(folder.iterdir(), key=lambda item: item.name)
        if item.name.endswith(".cypher")
    }


def guide(browser: str) -> str:
    """A Markdown guide to the graph with the saved queries, each with a link that opens it."""
    lines = [
        "# A guide to this graph",
        "",
        "Entities carry their ontology types as labels, relations their types; every statement leads to",
        "the words it stands on:",
        "",
        "    (entity)-[relation {evidence}]->(entity)",
        "    (entity)-[:MENTIONED_IN]->(:Chunk)-[:PART_OF]->(:Document)",
        "    (entity)-[:IN_COMMUNITY]->(:Community)-[:WITHIN]->(:Community)",
        "",
        "Double-click a node to see what it hangs on; click an edge to read its evidence.",
        "A link opens Neo4j Browser with the query in the editor; press the run button.",
        "",
    ]
    for text in saved_queries().values():
        title, _, query = text.partition("\n")
        lines += [f"## {title.removeprefix('// ')}", ""]
        lines += ["```cypher", query.strip(), "```", "", f"[open]({deep_link(browser, query.strip())})", ""]
    return "\n".join(lines)


def write_inspection(folder: Path, ontology: "Ontology | None", browser: str) -> list[Path]:
    """Write style sheet, saved queries and guide into `folder`; gives what was written."""
    folder.mkdir(parents=True, exist_ok=True)
    written = {"graph.grass": style(ontology), "guide.md": guide(browser), **saved_queries()}
    for name, text in written.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in written]


def browser_address(server: Neo4jServer, http: str | None = None) -> str:
    """Where Neo4j Browser of a server is: at `http`, or NEO4J_HTTP in the environment, or its usual port."""
    host = urlsplit(server.uri).hostname or "localhost"
    http = http or os.environ.get("NEO4J_HTTP")
    return (http or f"http://{host}:7474").rstrip("/") + "/browser/"


def deep_link(
    browser: str,
    query: str,
    *,
    server: Neo4jServer | None = None,
    parameters: Mapping[str, object] | None = None,
) -> str:
    """A link that opens Neo4j Browser with a query in the editor; never with a password in it."""
    parts = []
    if server is not None:
        parts.append(f"dbms={quote(server.uri, safe='')}")
        if server.password is None:
            parts.append("preselectAuthMethod=NO_AUTH")
    if parameters:
        parts += ["cmd=params", f"arg={quote(json.dumps(parameters, ensure_ascii=False), safe='')}"]
    parts += ["cmd=edit", f"arg={quote(query, safe='')}"]
    return f"{browser}?{'&'.join(parts)}"


def entity_link(browser: str, entity_id: str, *, server: Neo4jServer | None = None) -> str:
    """A link to an entity with what it hangs on.

    Raises:
        DataError: If `entity_id` is not the id of an entity.
    """
    if not re.fullmatch(r"ent-[0-9a-f]{32}", entity_id):
        raise DataError(f'"{entity_id}" is not the id of an entity (ent- and 32 hexadecimal digits)')
    query = f"MATCH p = (e:__Entity__ {{id: '{entity_id}'}})-[]-() RETURN p LIMIT 100"
    return deep_link(browser, query, server=server)


def browse(server: Neo4jServer, http: str | None, folder: Path | None, entity: str | None) -> Iterator[str]:
    """What ``graphrag neo4j browse`` says: links, and the files it wrote.

    Raises:
        NotFoundError: If no entity is called `entity`.
    """
    from graphrag.names import normal_form
    from ontology import load_ontology

    browser = browser_address(server, http)
    with opened(server) as view:
        text = view.meta["ontology"]
        if entity is not None:
            ids = [entity] if entity.startswith("ent-") else view.entities_named(normal_form(entity))
            if not ids:
                raise NotFoundError(f'no entity in {server.uri} is called "{entity}"')
            for found in view.entities_by_id(ids):
                yield f"{found.name} ({found.type}): {entity_link(browser, found.id, server=server)}"
            return
    yield f"open      {browser}"
    for text_of_query in saved_queries().values():
        title, _, query = text_of_query.partition("\n")
        yield f"{title.removeprefix('// ')}\n          {deep_link(browser, query.strip(), server=server)}"
    if folder is not None:
        for path in write_inspection(folder, load_ontology(text) if text else None, browser):
            yield f"wrote     {path}"
        yield "drag graph.grass and the .cypher files onto Neo4j Browser: style and saved queries"


def as_json(report: PushReport) -> dict[str, Any]:
    """A push's report as plain data."""
    return {
        "fingerprint": report.fingerprint,
        "commit": report.commit,
        "written": dict(sorted(report.written.items())),
        "deleted": dict(sorted(report.deleted.items())),
        "transactions": report.transactions,
    }


def _colors(ontology: "Ontology | None") -> dict[str, str]:
    """Colour by label: general types first, so that where a node has several the most specific one wins.

    Where there are more types than colours, lighter ones follow.
    """
    if ontology is None:
        return {"Entity": _COLORS[0]}
    depth = {key: len(ontology.ancestors(key)) for key in ontology.types}
    order = sorted(ontology.types, key=lambda key: (depth[key], key))
    return {label(key): _color(place) for place, key in enumerate(order)}


def _color(place: int) -> str:
    round_, number = divmod(place, len(_COLORS))
    share = min(0.3 * round_, 0.6)
    return "#" + "".join(f"{round(part + (255 - part) * share):02X}" for part in _parts(_COLORS[number]))


def _node_rule(name: str, color: str) -> str:
    return (
        f"node.{name} {{\n  color: {color};\n  border-color: {_darker(color)};\n"
        f"  text-color-internal: {_text_on(color)};\n  caption: '{{name}}';\n}}"
    )


def _text_on(color: str) -> str:
    """Nearly black or white, whichever stands out more by its brightness."""
    red, green, blue = _parts(color)
    return "#1B1F24" if 0.299 * red + 0.587 * green + 0.114 * blue > 140 else "#FFFFFF"


def _parts(color: str) -> list[int]:
    return [int(color[place : place + 2], 16) for place in (1, 3, 5)]


def _darker(color: str) -> str:
    return "#" + "".join(f"{part * 4 // 5:02X}" for part in _parts(color))
