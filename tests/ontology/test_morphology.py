import re

import pytest

from ontology.lexicon import FRAMES
from ontology.morphology import IRREGULAR, content_words, noun_key, singular, stem, verb_lemmas, words

REGULAR = sorted(
    {
        phrase.split()[0]
        for frame in FRAMES.values()
        for phrase in (*frame.verbs, *frame.back_verbs)
        if phrase.split()[0].isalpha()
    }
    - set(IRREGULAR.values())
    - {"be", "have", "born", "bear", "eponymous"}
)


def inflected(verb: str) -> list[str]:
    """-ed, -ing and -s forms by the spelling rules of English."""
    if verb.endswith("e"):
        return [verb + "d", (verb if verb.endswith("ee") else verb[:-1]) + "ing", verb + "s"]
    if verb.endswith("y") and verb[-2] not in "aeiou":
        return [verb[:-1] + "ied", verb + "ing", verb[:-1] + "ies"]
    doubled = verb + verb[-1] if re.fullmatch(r"[^aeiou]*[aeiou][^aeiouwxy]", verb) else verb
    return [doubled + "ed", doubled + "ing", verb + ("es" if verb.endswith(("s", "sh", "ch", "x")) else "s")]


@pytest.mark.parametrize("verb", REGULAR)
def test_every_regular_verb_of_the_lexicon_comes_back_from_its_forms(verb):
    lemmas = {verb_lemmas(form)[0].replace("neighbor", "neighbour") for form in inflected(verb)}
    assert lemmas == {verb.replace("neighbor", "neighbour").replace("uu", "u")}


@pytest.mark.parametrize(
    ("word", "lemma"),
    [("wrote", "write"), ("founded", "found"), ("led", "lead"), ("born", "born"), ("lies", "lie")],
)
def test_irregular_verbs_come_from_the_table(word, lemma):
    assert verb_lemmas(word)[0] == lemma


@pytest.mark.parametrize(
    ("plural", "expected"),
    [
        ("countries", "country"),
        ("wives", "wife"),
        ("series", "series"),
        ("classes", "class"),
        ("genus", "genus"),
    ],
)
def test_singular_undoes_plurals_only(plural, expected):
    assert singular(plural) == expected


def test_words_split_identifiers_and_drop_possessives():
    assert words("placeOfBirth") == ["place", "of", "birth"]
    assert words("PLACE_OF_BIRTH") == ["place", "of", "birth"]
    assert words("Ann's book") == ["ann", "book"]


def test_content_words_drop_auxiliaries_articles_and_adverbs():
    assert content_words("has also been officially renamed the") == (["renamed"], True)
    assert content_words("is the capital of") == (["capital", "of"], True)


def test_noun_key_ignores_article_and_number():
    assert noun_key("The Film Directors") == noun_key("film director") == "film director"


@pytest.mark.parametrize(
    "family",
    [("illustrate", "illustrator", "illustrated"), ("command", "commander"), ("produce", "producer")],
)
def test_members_of_a_word_family_share_a_stem(family):
    assert len({stem(word) for word in family}) == 1
