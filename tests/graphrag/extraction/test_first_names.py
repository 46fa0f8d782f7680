import pytest

from graphrag.extraction.first_names import GENDER_OF, gender_of


@pytest.mark.parametrize(
    ("name", "gender"), [("Ada Lovelace", "f"), ("Alan Turing", "m"), ("Acme", ""), ("", "")]
)
def test_a_common_given_name_tells(name, gender):
    assert gender_of(name) == gender


def test_no_name_is_in_both_lists():
    from graphrag.extraction import first_names

    men, women = first_names._MEN.split(), first_names._WOMEN.split()
    assert not set(men) & set(women)
    assert len(GENDER_OF) == len(men) + len(women)
