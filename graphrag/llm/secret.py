"""A key that does not leak by being printed, logged or serialised."""

from typing import NoReturn


class Secret:
    """Holds a secret text; only `reveal` gives it out.

    Its repr, str and format show nothing of it, not even its length, and it refuses to be pickled,
    so a secret cannot travel into a worker's arguments or a stored file by accident.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value.strip()

    def reveal(self) -> str:
        """The secret itself, for the one call that needs it."""
        return self._value

    def scrub(self, text: str) -> str:
        """`text` with every occurrence of the secret replaced, for messages of other libraries."""
        return text.replace(self._value, "[secret]") if self._value else text

    def __bool__(self) -> bool:
        return bool(self._value)

    def __repr__(self) -> str:
        return "Secret(set)" if self._value else "Secret(empty)"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret is not pickled; pass the environment variable's name instead")
