"""The progress listener that says nothing, for library use."""


class Silent:
    """A `Progress` that ignores what it hears."""

    def start(self, stage: str, total: int | None) -> None:
        """Ignore the start of a stage."""

    def advance(self, count: int = 1) -> None:
        """Ignore a step."""

    def finish(self) -> None:
        """Ignore the end of a stage."""
