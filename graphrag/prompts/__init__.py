"""Prompt texts: one file per task, with a version, each replaceable by the user's own.

A file begins with ``version: N``; then come turns, each headed by a line ``[system]``, ``[user]`` or
``[assistant]``. ``{{name}}`` marks what is filled in. Filling is one pass over the template: what is
put in is never looked at again, so marks inside a document stay what they are, characters.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from graphrag.errors import ConfigError
from graphrag.ids import fingerprint
from graphrag.llm.messages import Message

_MARK = re.compile(r"\{\{([a-z_]+)\}\}")
_TURN = re.compile(r"^\[(system|user|assistant)\]$", re.MULTILINE)
_VERSION = re.compile(r"\Aversion: (\d+)\n")


@dataclass(frozen=True, slots=True)
class Prompt:
    """A conversation with marks to fill.

    Attributes:
        version: Raised with each change of meaning; part of what says that old answers do not hold.
        turns: (role, template) pairs.
    """

    name: str
    version: int
    turns: tuple[tuple[str, str], ...]

    @property
    def marks(self) -> frozenset[str]:
        """Names that the templates want filled in."""
        return frozenset(mark for _, template in self.turns for mark in _MARK.findall(template))

    @property
    def fingerprint(self) -> str:
        """Hash of the texts, so that a user's own file counts as another prompt."""
        return fingerprint([self.name, self.version, [list(turn) for turn in self.turns]])

    def fill(self, **values: str) -> tuple[Message, ...]:
        """The conversation with every mark replaced, in one pass.

        Raises:
            ConfigError: If a mark has no value; a user's file may name one that does not exist.
        """
        unknown = self.marks - set(values)
        if unknown:
            raise ConfigError(
                f'prompt "{self.name}" has the mark {{{{{min(unknown)}}}}}, which is not filled in; '
                f"it may use: {', '.join(sorted(values)) or 'none'}"
            )
        return tuple(
            Message(role, _MARK.sub(lambda match: values[match[1]], template))
            for role, template in self.turns
        )


def load_prompt(name: str, folder: Path | None = None) -> Prompt:
    """The prompt called `name`: the file ``<name>.md`` in `folder` if it is there, else the shipped one.

    Raises:
        ConfigError: If the file cannot be read or is not laid out as a prompt.
    """
    own = folder / f"{name}.md" if folder is not None else None
    if own is not None and own.is_file():
        try:
            return _parse(name, own.read_text(encoding="utf-8"), str(own))
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f'cannot read the prompt "{own}": {error}') from error
    return _shipped(name)


def prompt_text(name: str) -> str:
    """The file of a shipped prompt as it is.

    Raises:
        ConfigError: If there is none of that name.
    """
    _shipped(name)
    return Path(__file__).with_name(f"{name}.md").read_text(encoding="utf-8")


def prompt_names() -> list[str]:
    """Names of the shipped prompts, sorted."""
    return sorted(path.stem for path in Path(__file__).parent.glob("*.md"))


def fence(text: str, *, kind: str = "passage", attributes: Mapping[str, str] | None = None) -> str:
    """Wrap untrusted text so that the model can tell where it ends.

    The tag carries a hash of the text. A text cannot contain its own hash, so it cannot close the fence.
    """
    tag = f"{kind}-{hashlib.sha256(text.encode('utf-8', 'backslashreplace')).hexdigest()[:8]}"
    extra = "".join(f' {name}="{value}"' for name, value in (attributes or {}).items())
    return f"<{tag}{extra}>\n{text}\n</{tag}>"


@cache
def _shipped(name: str) -> Prompt:
    path = Path(__file__).with_name(f"{Path(name).name}.md")
    try:
        return _parse(name, path.read_text(encoding="utf-8"), str(path))
    except OSError as error:
        raise ConfigError(f'there is no prompt "{name}"; known: {", ".join(prompt_names())}') from error


def _parse(name: str, text: str, origin: str) -> Prompt:
    head = _VERSION.match(text)
    if head is None:
        raise ConfigError(f'the prompt "{origin}" must begin with a line such as "version: 1"')
    parts = _TURN.split(text[head.end() :])
    if parts[0].strip() or len(parts) < 3:
        raise ConfigError(f'the prompt "{origin}" must have turns headed by [system], [user] or [assistant]')
    turns = tuple((parts[i], parts[i + 1].strip()) for i in range(1, len(parts), 2))
    return Prompt(name, int(head[1]), turns)
