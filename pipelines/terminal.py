"""What people see: progress bars on stderr, tables and answers on stdout."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import click


class TerminalProgress:
    """A `Progress` drawn with rich on stderr; plain lines where stderr is not a terminal."""

    def __init__(self) -> None:
        self._bar: Any = None
        self._task: Any = None
        self._plain = not sys.stderr.isatty()
        self._stage = ""
        self._total: int | None = None
        self._done = 0
        self._next_report = 0.1

    def start(self, stage: str, total: int | None) -> None:
        """Begin a stage of `total` steps (None if unknown)."""
        self.finish()
        self._stage, self._total, self._done, self._next_report = stage, total, 0, 0.1
        if self._plain:
            click.echo(f"{stage}{f' ({total:,})' if total else ''} …", err=True)
            return
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        self._bar = Progress(
            TextColumn("{task.description:<24}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=Console(stderr=True),
        )
        self._bar.start()
        self._task = self._bar.add_task(stage, total=total)

    def advance(self, count: int = 1) -> None:
        """Record `count` more steps."""
        self._done += count
        if self._bar is not None:
            self._bar.advance(self._task, count)
        elif self._total and self._total >= 200 and self._done >= self._next_report * self._total:
            click.echo(f"  {self._stage}: {self._done:,} of {self._total:,}", err=True)
            self._next_report = self._done / self._total + 0.1

    def finish(self) -> None:
        """End the stage."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None


def print_json(value: object) -> None:
    """One JSON document on stdout."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False))


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, title: str = "") -> None:
    """A table on stdout, plain text with two blanks between columns."""
    cells = [[_cell(value) for value in row] for row in rows]
    widths = [max([len(name), *(len(row[i]) for row in cells)]) for i, name in enumerate(columns)]
    if title:
        click.echo(click.style(title, bold=True))
    click.echo("  ".join(name.ljust(width) for name, width in zip(columns, widths, strict=True)).rstrip())
    for row in cells:
        click.echo("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip())


def print_pairs(pairs: Mapping[str, object], *, title: str = "") -> None:
    """Names and values, a line each."""
    if title:
        click.echo(click.style(title, bold=True))
    width = max((len(name) for name in pairs), default=0)
    for name, value in pairs.items():
        click.echo(f"  {name.ljust(width)}  {_cell(value)}")


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:.3f}"
    return str(value)
