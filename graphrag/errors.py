"""Everything that can go wrong on purpose, as one tree.

::

    GraphRAGError
    ├── ConfigError              a setting, flag or file of settings is wrong          exit 2
    │   └── MissingDependencyError   an extra is not installed                         exit 2
    ├── DataError                a document or question cannot be used as given        exit 2
    ├── ExtractionError          an extractor cannot work (one chunk's trouble is a `Failure`)
    ├── StoreError               the knowledge base cannot be read or written          exit 5
    │   ├── StoreDamagedError    its content is not what was committed                 exit 4
    │   └── StoreLockedError     another process is writing                            exit 6
    ├── RetrievalError           a search cannot be carried out
    │   └── NotFoundError        no such entity, relation, document or community       exit 2
    ├── GenerationError          an answer cannot be written
    │   ├── LLMCallError         one request got no usable answer from the model
    │   ├── LLMFatalError        the model's server refuses for good                   exit 7
    │   └── BudgetError          the money, token or call budget is reached            exit 8
    ├── ConvergenceError         an iteration did not converge
    ├── Neo4jUnavailableError    the server cannot be reached                          exit 9
    └── PipelineError            a batch run cannot go on
        └── PartialBuildError    it went on, and some chunks failed                    exit 3

`OntologyError`, a floor down in `ontology`, stands apart and exits with 2.
A message says what happened, to which item, what was expected, and what to do next.
"""


class GraphRAGError(Exception):
    """Root of the tree; `exit_code` is what the command line returns for it."""

    exit_code = 1


class ConfigError(GraphRAGError):
    """A setting, flag or settings file is wrong."""

    exit_code = 2


class MissingDependencyError(ConfigError):
    """An optional library is absent; the message names the extra to install."""

    def __init__(self, library: str, extra: str) -> None:
        super().__init__(
            f"{library} is not installed; install it with: pip install 'graphrag-ontology[{extra}]'"
        )


class DataError(GraphRAGError):
    """A document, question file or other input cannot be used as given."""

    exit_code = 2


class ExtractionError(GraphRAGError):
    """An extractor cannot work at all; trouble with one chunk is a `Failure` instead."""


class StoreError(GraphRAGError):
    """The knowledge base cannot be read or written (disk, permission, version)."""

    exit_code = 5


class StoreDamagedError(StoreError):
    """The store's content is not what was committed; `graphrag rebuild` may restore it."""

    exit_code = 4


class StoreLockedError(StoreError):
    """Another process holds the store's write lock."""

    exit_code = 6


class RetrievalError(GraphRAGError):
    """A search cannot be carried out."""


class NotFoundError(RetrievalError):
    """The named entity, relation, document or community is not in the knowledge base."""

    exit_code = 2


class GenerationError(GraphRAGError):
    """An answer cannot be written."""


class LLMCallError(GenerationError):
    """One request to a model got no usable answer; others may.

    Attributes:
        kind: "unanswered", "broken", "empty", "refused", "too_long" (the prompt does not fit the
            model) or "bad_request".
    """

    def __init__(self, message: str, *, kind: str = "unanswered") -> None:
        super().__init__(message)
        self.kind = kind


class LLMFatalError(GenerationError):
    """The model's server refuses for good (key, model name, payment); retrying cannot help."""

    exit_code = 7


class BudgetError(GenerationError):
    """The money, token or call budget is reached; a later run resumes where this one stopped."""

    exit_code = 8


class ConvergenceError(GraphRAGError):
    """An iteration passed its bound before its tolerance; the message gives the last change."""


class Neo4jUnavailableError(GraphRAGError):
    """The Neo4j server cannot be reached or refuses the session."""

    exit_code = 9


class PipelineError(GraphRAGError):
    """A batch run cannot go on."""


class PartialBuildError(PipelineError):
    """A build ended with failed chunks; the report lists each with its reason."""

    exit_code = 3
