"""Graphs of awkward shapes: each a stream of documents with `count` facts, mostly ten to a document.

For `python benchmarks/engine.py shapes`, which compares the cost of ten times as many facts of each.
"""

import math
from collections.abc import Callable, Iterator

from engine import Thing, stated

from graphrag.store.ledger import IngestedDocument

Fact = tuple[Thing, Thing | None]
PERSON: Thing = ("Ada Sorabi", "PERSON")
OTHER: Thing = ("Finn Lakone", "PERSON")
_KINDS = ("WORK", "PRODUCT", "LOC")
_LETTERS = "bcdfghjklmnprstvwz"


def _thing(number: int) -> Thing:
    return f"Bureau {number} Lumo", "ORG"


def _word(number: int) -> str:
    """A pronounceable word of its own for each number below 72^4."""
    parts = []
    number = (
        number * 1_234_577 % (len(_LETTERS) * 4) ** 4
    )  # spread, so that no two share a beginning or an end
    for _ in range(4):
        number, rest = divmod(number, len(_LETTERS) * 4)
        parts.append(_LETTERS[rest // 4] + "aeio"[rest % 4])
    return "".join(parts).capitalize()


def _slipped(number: int) -> Thing:
    """Names that come in pairs one letter apart: a name, and the same with a slip of the pen."""
    word = _word(number // 2) + _word(number // 2 + 5_000_000).lower()
    return f"Gina {word if number % 2 else word[:-4] + 'y' + word[-3:]}", "PERSON"


def _half_alike(number: int) -> Thing:
    """Names that all have the second half of a long word in common, so that all of them meet."""
    return f"Gina {_word(number)}dalensund", "PERSON"


def _initials(number: int) -> Thing:
    """Names that all abbreviate to AMA."""
    return f"A{_word(number).lower()} Media Alliance", "ORG"


def _facts(shape: str, count: int) -> Callable[[int], Fact]:
    """The fact at each place of a shape made of facts alone."""
    side = math.isqrt(count)
    made: dict[str, Callable[[int], Fact]] = {
        "hub": lambda n: (PERSON, _thing(n)),
        "hub at the tail": lambda n: (_thing(n), PERSON),
        "two hubs with all leaves in common": lambda n: ((PERSON, OTHER)[n % 2], _thing(n // 2)),
        "stars joined in a chain": lambda n: (
            _thing(n // 100 * 100),
            _thing(n if n % 100 else (n + 100) % count),
        ),
        "self-loops": lambda n: (_thing(n), _thing(n)),
        "1,000 parallel edges each": lambda n: (_thing(n // 1000), _thing(-1 - n // 1000)),
        "one pair": lambda n: (_thing(0), _thing(1)),
        "there and back": lambda n: (_thing(n // 2 + n % 2), _thing(n // 2 + 1 - n % 2)),
        "chain": lambda n: (_thing(n), _thing(n + 1)),
        "cycle": lambda n: (_thing(n), _thing((n + 1) % count)),
        "binary tree": lambda n: (_thing(n // 2), _thing(n + 1)),
        "grid": lambda n: (_thing(n // 2), _thing(n // 2 + (side if n % 2 else 1))),
        "clique": lambda n: (_thing(n % side), _thing(n // side)),
        "same names, three types": lambda n: (("Ring", _KINDS[n * 7 % 3]), _thing(n)),
        "names a slip apart": lambda n: (_slipped(n), _thing(n)),
        "one abbreviation of all": lambda n: (_initials(n), ("AMA", "ORG")),
        "names of 200 letters": lambda n: ((f"{_word(n)} " + "lorama " * 27 + "Group", "ORG"), PERSON),
        "names of 2,000 letters": lambda n: ((f"{_word(n)} " + "lorama " * 285 + "Group", "ORG"), PERSON),
        "half of a long word in common": lambda n: (_half_alike(n), _thing(n)),
        "missing ends": lambda n: (_thing(n), _thing(n + 1) if n % 2 else None),
        "one document": lambda n: (_thing(n), _thing((n * 31 + 7) % count)),
    }
    return made[shape]


def _titled(count: int) -> Iterator[IngestedDocument]:
    """As many things of one name as documents, told apart by what their titles add."""
    for number in range(count // 10):
        ring: Thing = ("Ring", "WORK")
        pairs = [(ring, _thing(10 * number + place)) for place in range(10)]
        yield stated(number, pairs, title=f"Ring (film {number})")


def _aliases(count: int, *, chain: bool) -> Iterator[IngestedDocument]:
    """Names of one thing: each stated of the one before it, or all of the first."""
    for number in range(count // 10):
        places = range(10 * number, 10 * number + 10)
        said = [((_word(place if chain else 0), "ORG"), _word(place + 1)) for place in places]
        yield stated(number, (), aliases=said)


SHAPES = (
    "hub",
    "hub at the tail",
    "two hubs with all leaves in common",
    "stars joined in a chain",
    "self-loops",
    "1,000 parallel edges each",
    "one pair",
    "there and back",
    "chain",
    "cycle",
    "binary tree",
    "grid",
    "clique",
    "same names, three types",
    "same names, titles apart",
    "names a slip apart",
    "one abbreviation of all",
    "half of a long word in common",
    "names of 200 letters",
    "names of 2,000 letters",
    "alias chain",
    "alias star",
    "missing ends",
    "one document",
    "documents without a fact",
)


def shaped(shape: str, count: int) -> Iterator[IngestedDocument]:
    """The documents of a shape with `count` facts."""
    if shape == "same names, titles apart":
        yield from _titled(count)
    elif shape in ("alias chain", "alias star"):
        yield from _aliases(count, chain=shape == "alias chain")
    elif shape == "documents without a fact":
        yield from (stated(number, ()) for number in range(count // 10))
    else:
        fact = _facts(shape, count)
        size = count if shape == "one document" else 10
        for number, start in enumerate(range(0, count, size)):
            yield stated(number, [fact(place) for place in range(start, min(start + size, count))])
