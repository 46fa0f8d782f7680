"""Pronouns, descriptions and parts of names go to the one name they can mean, or to none."""

from graphrag.datamodel import Link
from graphrag.extraction.coreference import Discourse, subject_of_title


def _sentence(discourse: Discourse, *names: tuple[str, str, bool]) -> None:
    discourse.next_sentence()
    for token, (name, kind, is_subject) in enumerate(names):
        discourse.meet(name, kind, token, is_subject=is_subject)


def test_a_title_loses_its_qualifier() -> None:
    assert subject_of_title("Salt (film)") == ("Salt", "film")
    assert subject_of_title("Salt") == ("Salt", "")


def test_she_goes_to_the_only_person() -> None:
    discourse = Discourse()
    _sentence(discourse, ("Ann Lee", "PERSON", True), ("Acme", "ORG", False))
    discourse.next_sentence()
    found = discourse.pronoun("She", 0)
    assert found is not None
    assert found[0].name == "Ann Lee"


def test_it_goes_to_no_person() -> None:
    discourse = Discourse()
    _sentence(discourse, ("Ann Lee", "PERSON", True))
    discourse.next_sentence()
    assert discourse.pronoun("it", 0) is None


def test_two_equal_candidates_stay_open() -> None:
    discourse = Discourse()
    _sentence(discourse, ("Ann Lee", "PERSON", False), ("Bea Ray", "PERSON", False))
    discourse.next_sentence()
    assert discourse.pronoun("she", 0) is None


def test_a_gender_once_told_excludes() -> None:
    discourse = Discourse()
    _sentence(discourse, ("Ann Lee", "PERSON", True))
    discourse.describe("Ann Lee", "actress")
    discourse.next_sentence()
    assert discourse.pronoun("he", 0) is None


def test_a_pronoun_does_not_look_ahead() -> None:
    discourse = Discourse()
    discourse.next_sentence()
    discourse.meet("Ann Lee", "PERSON", 5, is_subject=True)
    assert discourse.pronoun("she", 2) is None


def test_old_names_fall_out_of_reach() -> None:
    discourse = Discourse()
    _sentence(discourse, ("Acme", "ORG", True))
    for _ in range(4):
        discourse.next_sentence()
    assert discourse.pronoun("it", 0) is None


def test_without_candidates_the_subject_of_the_title_is_meant() -> None:
    discourse = Discourse("Acme (company)")
    discourse.next_sentence()
    found = discourse.pronoun("it", 0)
    assert found is not None
    assert found[0].name == "Acme"


def test_a_description_goes_to_what_was_called_so() -> None:
    discourse = Discourse()
    _sentence(discourse, ("Salt", "WORK", True), ("Iron", "WORK", False))
    discourse.describe("Iron", "Dutch film")
    discourse.next_sentence()
    found = discourse.description("film", 0)
    assert found is not None
    assert found[0].name == "Iron"


def test_a_family_name_stands_for_the_one_person_who_has_it() -> None:
    discourse = Discourse()
    _sentence(discourse, ("Ann Lee", "PERSON", True))
    discourse.next_sentence()
    assert discourse.meet("Lee", "PERSON", 0, is_subject=True) == ("Ann Lee", Link.PARTIAL)


def test_a_family_name_of_two_people_stays_as_it_is() -> None:
    discourse = Discourse()
    _sentence(discourse, ("Ann Lee", "PERSON", True), ("Bob Lee", "PERSON", False))
    discourse.next_sentence()
    assert discourse.meet("Lee", "PERSON", 0, is_subject=True) == ("Lee", Link.SELF)


def test_a_firm_may_drop_its_legal_form_only() -> None:
    discourse = Discourse()
    _sentence(discourse, ("Acme Corp", "ORG", True), ("Leeds University", "ORG", False))
    assert discourse.meet("Acme", "ORG", 3, is_subject=False) == ("Acme Corp", Link.PARTIAL)
    assert discourse.meet("Leeds", "LOC", 4, is_subject=False) == ("Leeds", Link.SELF)


def test_an_alias_stands_for_the_full_name() -> None:
    discourse = Discourse()
    _sentence(discourse, ("General Tool Company", "ORG", True))
    discourse.add_alias("General Tool Company", "GTC")
    assert discourse.meet("GTC", "ORG", 3, is_subject=False) == ("General Tool Company", Link.ACRONYM)
