import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphrag.store.identifiers import identifier
from pipelines.cypher import literal


@given(st.text())
def test_a_literal_is_one_line_of_plain_ascii_between_two_quotes(text):
    written = literal(text)
    assert re.fullmatch(r"'(?:[ !#-&(-\[\]-_a-~]|\\['\"\\]|\\u(?!0027|0022|005c)[0-9a-f]{4})*'", written)


@given(st.text())
def test_a_literal_reads_back_as_the_text(text):
    # As Neo4j 5 reads: first codes (not after an escaped backslash), then escapes.
    coded = re.sub(
        r"(\\\\)|\\u([0-9a-f]{4})", lambda match: match[1] or chr(int(match[2], 16)), literal(text)[1:-1]
    )
    units = re.sub(r"\\(.)", r"\1", coded, flags=re.DOTALL)
    assert units.encode("utf-16", "surrogatepass").decode("utf-16") == text


@pytest.mark.parametrize(
    "name", ["a b", "x`", "x\n", "Person\n", "1x", "", "naïve", "x" * 64, "\\u0060", "x})-[]-()", "Ｐerson"]
)
def test_a_name_off_the_allow_list_is_replaced(name):
    assert identifier(name, fallback="Entity") == "Entity"


def test_a_plain_name_stays():
    assert identifier("FOUNDED_BY", fallback="RELATED_TO") == "FOUNDED_BY"


def test_numbers_and_lists():
    assert literal([1, 2.5, True, None, 3.0]) == "[1, 2.5, true, null, 3.0]"
