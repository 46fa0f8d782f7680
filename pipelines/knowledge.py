"""Where a knowledge base named on the command line is: a folder, or a Neo4j server with its credentials."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from graphrag.errors import ConfigError

if TYPE_CHECKING:
    from graphrag.store.neo4j import Neo4jServer


def place_of(kg: str | Path) -> "Path | Neo4jServer":
    """The folder, or the server at a neo4j:// or bolt:// address, with what the environment says of it."""
    from graphrag.store.neo4j import is_neo4j

    return neo4j_at(str(kg)) if is_neo4j(kg) else Path(kg)


def neo4j_at(uri: str, *, password_file: Path | None = None) -> "Neo4jServer":
    """The server at `uri`; name, password and database come from the environment or a file, never from it.

    NEO4J_USERNAME (or NEO4J_USER), NEO4J_PASSWORD, NEO4J_PASSWORD_FILE, NEO4J_DATABASE; GRAPHRAG_CACHE for
    the folder of derived indexes.

    Raises:
        ConfigError: If the password file cannot be read, or the address holds a password.
    """
    from graphrag.llm.secret import Secret
    from graphrag.store.neo4j import Neo4jServer

    said = os.environ
    file = password_file or (Path(said["NEO4J_PASSWORD_FILE"]) if said.get("NEO4J_PASSWORD_FILE") else None)
    password = said.get("NEO4J_PASSWORD", "")
    if file is not None:
        try:
            password = file.read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ConfigError(f'cannot read the password file "{file}": {error.strerror}') from error
    server = Neo4jServer(
        uri,
        user=said.get("NEO4J_USERNAME") or said.get("NEO4J_USER") or "neo4j",
        password=Secret(password) if password else None,
        database=said.get("NEO4J_DATABASE", ""),
    )
    if said.get("GRAPHRAG_CACHE"):
        from dataclasses import replace

        return replace(server, cache=Path(said["GRAPHRAG_CACHE"]) / "neo4j")
    return server


def folder_of(kg: str) -> Path:
    """Where a run's own files go (its report, a model's answers): the folder, or the server's cache."""
    place = place_of(kg)
    return place if isinstance(place, Path) else place.folder
