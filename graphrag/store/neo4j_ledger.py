"""Writing to a knowledge base that lives in Neo4j, through a working copy beside it.

What a change does to names, entities and facts is worked out by the embedded store, in the cache folder;
`publish` then makes Neo4j equal to it. A lost working copy is made again from Neo4j; one that was
interrupted goes on where it stopped; one that is out of date is thrown away.
"""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from graphrag.errors import NotFoundError, StoreError
from graphrag.store.ledger import Ledger
from graphrag.store.neo4j import Connection, Neo4jServer
from graphrag.store.neo4j_view import pull
from graphrag.store.neo4j_write import PushReport, manifest, push

if TYPE_CHECKING:
    from graphrag.interfaces import Progress

_WORK = "work"
_SYNCED = "synced.json"


class Neo4jLedger(Ledger):
    """An embedded store whose content is published to Neo4j."""

    connection: Connection
    server: Neo4jServer

    @classmethod
    def attach(
        cls,
        server: Neo4jServer,
        *,
        settings: Mapping[str, Any] | None = None,
        ontology: str = "",
        extractor: str = "",
        progress: "Progress | None" = None,
    ) -> Self:
        """Open the base in Neo4j for writing; make an empty one if `settings` are given and there is none.

        Raises:
            NotFoundError: If there is none, and no settings are given.
            StoreError: If somebody else's push to it was not finished.
            Neo4jUnavailableError: If the server cannot be reached.
        """
        folder = server.folder / _WORK
        connection = Connection(server, progress=progress)
        try:
            held = manifest(connection)
            there = held.get("fingerprint") if held else None
            if Ledger.exists(folder) and _synced(folder) != there:
                # Somebody else has written since, or emptied the database: theirs counts.
                shutil.rmtree(folder)
            if not Ledger.exists(folder):
                cls._fill(connection, folder, held, settings, ontology, extractor, progress)
            ledger = cls.open(folder, write=True)
        except BaseException:
            connection.close()
            raise
        ledger.connection, ledger.server = connection, server
        return ledger

    @staticmethod
    def _fill(
        connection: Connection,
        folder: Path,
        held: Mapping[str, Any] | None,
        settings: Mapping[str, Any] | None,
        ontology: str,
        extractor: str,
        progress: "Progress | None",
    ) -> None:
        uri = connection.server.uri
        shutil.rmtree(folder, ignore_errors=True)
        if held is not None and held.get("complete"):
            pull(connection, folder, progress=progress).close()
            _mark(folder, str(held["fingerprint"]))
        elif held is not None and held.get("fingerprint"):
            raise StoreError(
                f"a push to {uri} from another machine was not finished; finish it there, or push the "
                f"knowledge base you have with: graphrag neo4j push KG --uri {uri}"
            )
        elif settings is not None:
            Ledger.create(folder, settings=settings, ontology=ontology, extractor=extractor).close()
        else:
            raise NotFoundError(
                f"{uri} holds no knowledge base; make one with: graphrag build SOURCE --out {uri}"
            )

    def publish(self, *, progress: "Progress | None" = None) -> PushReport:
        """Make Neo4j equal to what is here; nothing is sent where it is already.

        Raises:
            StoreError: If somebody else changed it meanwhile.
            Neo4jUnavailableError: If the server stays away; the next `publish` goes on.
        """
        report = push(self, self.connection, expected=_synced(self.folder), progress=progress)
        _mark(self.folder, report.fingerprint)
        return report

    def close(self) -> None:
        """Give up the working copy and the connection; publishes nothing."""
        super().close()
        self.connection.close()


def _synced(folder: Path) -> str | None:
    try:
        found = json.loads((folder / _SYNCED).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return str(found["fingerprint"])


def _mark(folder: Path, fingerprint: str) -> None:
    beside = folder / f".{_SYNCED}.new"
    beside.write_text(json.dumps({"fingerprint": fingerprint}), encoding="utf-8")
    beside.replace(folder / _SYNCED)
