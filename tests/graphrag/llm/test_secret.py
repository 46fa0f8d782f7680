import copy
import json
import logging

import pytest

from graphrag.llm import Secret

KEY = "sk-canary-1234567890"


def test_a_secret_shows_nothing_of_itself(caplog: pytest.LogCaptureFixture) -> None:
    secret = Secret(KEY)
    with caplog.at_level(logging.DEBUG):
        logging.getLogger("x").debug("%s %r", secret, secret)
    for shown in (repr(secret), str(secret), f"{secret}", f"{[secret]}", f"{secret:>40}", caplog.text):
        assert KEY not in shown
        assert KEY[-8:] not in shown
    assert secret.reveal() == KEY


def test_a_secret_does_not_travel() -> None:
    with pytest.raises(TypeError, match="not pickled"):
        copy.copy(Secret(KEY))
    with pytest.raises(TypeError):
        json.dumps({"key": Secret(KEY)})


def test_messages_are_scrubbed() -> None:
    assert Secret(KEY).scrub(f"bad key {KEY}!") == "bad key [secret]!"
    assert Secret("").scrub("as it was") == "as it was"


def test_blanks_around_a_key_are_no_part_of_it() -> None:
    assert Secret(f" {KEY}\n").reveal() == KEY
    assert not Secret("  ")
