from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphrag.errors import ConfigError
from graphrag.prompts import Prompt, fence, load_prompt, prompt_names

_WRITTEN = r"""{text} {{text}} {{7*7}} {0.__class__} {{title}} $x %s {%raw%} {{config}} {passages}
    {{passages}}
    \g<0> \1 {{{{title}}}} ${jndi:ldap://x} <%=1%> #{1} {{}} }}{{ {!r} {{passages}}{{title}} %(x)s"""
MARKS = _WRITTEN.split()


@pytest.mark.parametrize("name", prompt_names())
def test_every_shipped_prompt_is_laid_out_well(name: str) -> None:
    prompt = load_prompt(name)
    assert prompt.version >= 1
    assert all(role in {"system", "user", "assistant"} and text for role, text in prompt.turns)
    assert prompt.turns[-1][0] == "user"


@pytest.mark.parametrize("mark", MARKS)
def test_marks_inside_what_is_filled_in_stay_characters(mark: str) -> None:
    prompt = Prompt("p", 1, (("user", "T: {{title}} P: {{passages}}"),))
    (message,) = prompt.fill(title=mark, passages=f"before {mark} after")
    assert message.content == f"T: {mark} P: before {mark} after"


def test_two_hundred_marks_stay_characters_in_the_shipped_prompts() -> None:
    filled = 0
    for name in prompt_names():
        prompt = load_prompt(name)
        templates = "".join(template for _, template in prompt.turns)
        for mark in MARKS if prompt.marks else ():
            text = "".join(m.content for m in prompt.fill(**dict.fromkeys(prompt.marks, f"<{mark}>")))
            wanted = sum(templates.count("{{" + one + "}}") for one in prompt.marks)
            assert text.count(f"<{mark}>") == wanted
            filled += 1
    assert filled >= 200


@given(title=st.text(), passages=st.text())
def test_any_text_stands_in_the_prompt_as_it_is(title: str, passages: str) -> None:
    prompt = Prompt("p", 1, (("user", "{{title}}|{{passages}}"),))
    assert prompt.fill(title=title, passages=passages)[0].content == f"{title}|{passages}"


def test_a_missing_value_is_named() -> None:
    with pytest.raises(ConfigError, match=r"has the mark \{\{passages\}\}, which is not filled in.*title"):
        Prompt("p", 1, (("user", "{{passages}}"),)).fill(title="x")


def test_a_users_own_file_takes_the_place_of_the_shipped_one(tmp_path: Path) -> None:
    (tmp_path / "glean.md").write_text("version: 7\n[user]\nMore, please.\n", encoding="utf-8")
    own = load_prompt("glean", tmp_path)
    assert own.fill()[0].content == "More, please."
    assert own.fingerprint != load_prompt("glean").fingerprint
    assert load_prompt("extract", tmp_path) == load_prompt("extract")


@pytest.mark.parametrize(
    ("text", "message"), [("[user]\nx", "must begin with a line"), ("version: 1\nx", "must have turns")]
)
def test_a_bad_file_is_refused_with_what_is_wrong(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "glean.md").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=message):
        load_prompt("glean", tmp_path)


@given(st.text())
def test_no_text_closes_its_own_fence(text: str) -> None:
    fenced = fence(text)
    closing = fenced.rpartition("\n")[2]
    assert fenced.count(closing) == 1


def test_a_text_that_copies_another_fence_stays_inside() -> None:
    other = fence("harmless")
    assert fence(other).startswith("<passage-")
    assert fence(other).rpartition("\n")[2] not in other
