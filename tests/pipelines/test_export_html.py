"""The HTML view: what is in the page, and how it behaves in a real browser."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import re
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from graphrag.datamodel import Community, Report
from graphrag.errors import StoreError
from graphrag.ids import content_id
from pipelines.export_html import export_html, html_page
from pipelines.view.layout import place
from tests.graphrag.conftest import MemoryView
from tests.pipelines.browser import Browser, missing

TEXTS = {
    "mill.md": ("Aldwick Mill", "Aldwick Mill was founded by Rosa Venn. It stands in Harlow."),
    "odd.md": ("Karl Odd", "Karl Odd designed the Harlow Bridge for Rosa Venn."),
}
TYPES = {
    "Aldwick Mill": "Organization",
    "Rosa Venn": "Person",
    "Karl Odd": "Person",
    "Harlow": "Place",
    "Harlow Bridge": "Place",
}
FACTS = [
    ("mill.md", "Rosa Venn", "FOUNDED", "Aldwick Mill", "Aldwick Mill was founded by Rosa Venn."),
    ("mill.md", "Aldwick Mill", "LOCATED_IN", "Harlow", "It stands in Harlow."),
    ("odd.md", "Karl Odd", "DESIGNED", "Harlow Bridge", "Karl Odd designed the Harlow Bridge for Rosa Venn."),
]
SCRIPTS = (
    "<script>window.__x=1</script>",
    "</script><script>window.__x=1</script>",
    "<img src=x onerror=window.__x=1>",
    "<svg onload=window.__x=1>",
    "javascript:window.__x=1",
    '"><img src=http://127.0.0.1:9/p.png>',
    "' onmouseover='window.__x=1",
    "{{constructor.constructor('window.__x=1')()}}",
    "${window.__x=1}",
    "`;window.__x=1;`",
    "\u2028window.__x=1\u2029",
    "<!--",
    "-->",
    "<![CDATA[",
    "]]>",
    "<style>*{background:url(http://127.0.0.1:9/s)}</style>",
    "<base href=http://127.0.0.1:9/>",
    "<meta http-equiv=refresh content='0;url=http://127.0.0.1:9/'>",
    "<iframe src=http://127.0.0.1:9/></iframe>",
    "@DATA@",
    "@SCRIPT@",
    "@CSP@",
    "<a href='javascript:window.__x=1'>x</a>",
    "\\u003cscript\\u003e",
    "&lt;script&gt;",
    "\\",
    '"',
    "<math><mtext></mtext></math>",
    "__proto__",
    "constructor",
    "\u202eevil",
    "\U0001d54f\u0301\u0301",
    "x" * 5000,
    "<object data=http://127.0.0.1:9/>",
    "<link rel=stylesheet href=http://127.0.0.1:9/>",
)
HOSTILE = [f"{string} {number}" for number, string in zip(range(200), itertools.cycle(SCRIPTS))]

needs_browser = pytest.mark.skipif(
    bool(missing()), reason=f"THE PAGE WAS NOT TRIED IN A BROWSER: {missing()}"
)


@pytest.fixture
def view() -> MemoryView:
    made = MemoryView(TEXTS, types=TYPES, facts=FACTS, aliases={"Rosa Venn": ["R. Venn"]})
    ids = tuple(sorted(made.entity_id(name) for name in ("Rosa Venn", "Aldwick Mill", "Harlow")))
    community = Community(content_id("com", *ids), 0, None, ids)
    made.set_communities([community], [Report(community.id, "Mill people", "", ())])
    return made


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with Browser(tmp_path_factory.mktemp("browser")) as opened:
        yield opened


def block(page: str, name: str) -> Any:
    found = re.search(rf'<script type="application/json" id="{name}">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    return json.loads(found.group(1))


def hostile_view() -> MemoryView:
    """Every field of every record is an attack."""
    texts = {
        f"{n}.md": (title, f"Before {quote} after.")
        for n, (title, quote) in enumerate(zip(HOSTILE, HOSTILE, strict=True))
    }
    types = dict(zip(HOSTILE, HOSTILE[1:] + HOSTILE[:1], strict=True))
    aliases = {name: [f"{name} alias"] for name in HOSTILE}
    facts = [
        (f"{n}.md", name, HOSTILE[(n + 7) % 200], HOSTILE[(n + 1) % 200], HOSTILE[n])
        for n, name in enumerate(HOSTILE)
    ]
    made = MemoryView(texts, types=types, aliases=aliases, facts=facts)
    communities = []
    for number in range(0, 200, 10):
        ids = tuple(sorted(made.entity_id(name) for name in HOSTILE[number : number + 10]))
        communities.append(Community(content_id("com", *ids), 0, None, ids))
    reports = [Report(community.id, HOSTILE[n], "", ()) for n, community in enumerate(communities)]
    made.set_communities(communities, reports)
    return made


def test_the_page_holds_every_entity_relation_and_sentence(view: MemoryView) -> None:
    page = html_page(view)
    data = block(page, "nodes")
    assert sorted(data["name"]) == sorted(TYPES)
    assert len(data["from"]) == len(FACTS)
    quotes = {sentence[0] for edge in block(page, "part-0") for sentence in edge[0]}
    assert quotes == {fact[4] for fact in FACTS}


def test_the_same_graph_gives_the_same_page(view: MemoryView) -> None:
    assert html_page(view) == html_page(view)


def test_the_policy_admits_one_script_and_one_style_by_hash(view: MemoryView) -> None:
    page = html_page(view)
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
    assert policy is not None
    assert "unsafe" not in policy.group(1)
    assert "default-src 'none'" in policy.group(1)
    for tag in ("script", "style"):
        [content] = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy.group(1)


def test_the_page_names_no_other_place(view: MemoryView) -> None:
    assert re.findall(r"(?:https?:)?//[a-z0-9]", html_page(view).replace("// ", "")) == []


def test_no_hostile_string_leaves_its_data_block() -> None:
    page = html_page(hostile_view())
    start = page.index('<script type="application/json"')
    end = page.rindex("<script>")
    blocks = re.findall(r'<script type="application/json" id="[a-z0-9-]+">[^<>&]*</script>', page[start:end])
    assert "".join(page[start:end].split("\n")) == "".join(blocks)
    assert sorted(block(page, "nodes")["name"]) == sorted(HOSTILE)


def test_types_and_relations_carry_the_labels_of_the_ontology(view: MemoryView) -> None:
    from ontology import load_ontology

    schema = load_ontology(
        "name: test\ntypes:\n  Person: {label: human being}\n  Organization: {label: firm}\n"
        "relations:\n  FOUNDED: {label: called into being, domain: [Person], range: [Organization]}\n"
    )
    data = block(html_page(view, schema), "nodes")
    assert "human being" in data["types"]
    assert "called into being" in data["kinds"]


def test_only_the_most_connected_are_drawn_at_first(view: MemoryView) -> None:
    data = block(html_page(view, max_shown=2), "nodes")
    assert data["shown"] == 2
    assert set(data["name"][:2]) <= {"Rosa Venn", "Aldwick Mill", "Karl Odd", "Harlow Bridge", "Harlow"}
    assert data["degree"] == sorted(data["degree"], reverse=True)


def test_a_folder_that_is_not_there_is_a_clear_error(view: MemoryView, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"cannot write .*page\.html"):
        export_html(view, tmp_path / "none" / "page.html")


def test_nothing_is_drawn_on_top_of_another_thing() -> None:
    count = 120
    xs, ys = place(count, [(n, (n * 7) % count) for n in range(count)], [n // 8 for n in range(count)])
    spots = list(zip(xs, ys, strict=True))
    nearest = min((a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2 for n, a in enumerate(spots) for b in spots[:n])
    assert nearest > 6.0**2


@needs_browser
def test_search_finds_a_thing_by_its_alias_and_shows_its_relations(
    view: MemoryView, browser: Browser, tmp_path: Path
) -> None:
    export_html(view, tmp_path / "page.html")
    browser.open(tmp_path / "page.html")
    find(browser, "r. v")
    about = browser.run("return document.getElementById('about').textContent")
    assert "Rosa Venn" in about
    assert "Also: R. Venn" in about
    browser.run("document.querySelector('#about details').open = true")
    assert wait(browser, "return document.querySelector('#about blockquote')?.textContent || ''").startswith(
        "Aldwick Mill was founded by Rosa Venn."
    )


@needs_browser
def test_a_click_brings_in_the_neighbours(view: MemoryView, browser: Browser, tmp_path: Path) -> None:
    export_html(view, tmp_path / "page.html", max_shown=1)
    browser.open(tmp_path / "page.html")
    assert browser.run("return document.getElementById('size').textContent").startswith("1 of 5")
    find(browser, "Rosa Venn")
    browser.run("document.querySelector('#about .buttons button').click()")
    assert browser.run("return document.getElementById('size').textContent").startswith("2 of 5")


@needs_browser
def test_a_click_on_a_dot_selects_it_and_on_a_line_shows_its_sentences(
    view: MemoryView, browser: Browser, tmp_path: Path
) -> None:
    export_html(view, tmp_path / "page.html")
    browser.open(tmp_path / "page.html")
    find(browser, "Rosa Venn")
    browser.run("document.getElementById('search').value = ''; document.getElementById('graph').focus()")
    box = browser.run(
        "const b = document.getElementById('graph').getBoundingClientRect();"
        "return [b.x, b.y, b.width, b.height]"
    )
    middle = int(box[0] + box[2] / 2), int(box[1] + box[3] / 2)
    browser.click(int(box[0]) + 5, int(box[1]) + 5)
    assert "Where to begin" in browser.run("return document.getElementById('about').textContent")
    browser.click(*middle)
    assert browser.run("return document.querySelector('#about h2').textContent") == "Rosa Venn"


@needs_browser
def test_types_and_communities_filter_what_is_shown(
    view: MemoryView, browser: Browser, tmp_path: Path
) -> None:
    export_html(view, tmp_path / "page.html")
    browser.open(tmp_path / "page.html")
    browser.run("document.querySelector('#communities button').click()")
    assert browser.run("return document.getElementById('size').textContent").startswith("3 of 5")
    browser.run(
        "const types = [...document.querySelectorAll('.type')];"
        "types.find((label) => label.textContent.includes('person')).querySelector('input').click()"
    )
    assert browser.run("return document.getElementById('size').textContent").startswith("2 of 5")
    browser.run("document.getElementById('all').click()")
    assert browser.run("return document.getElementById('size').textContent").startswith("5 of 5")


@needs_browser
def test_two_hundred_hostile_strings_run_nothing_and_ask_for_nothing(
    browser: Browser, tmp_path: Path
) -> None:
    export_html(hostile_view(), tmp_path / "page.html")
    browser.requests()
    browser.open(tmp_path / "page.html")
    browser.run("document.getElementById('all').click()")
    for number in range(0, 200, 5):
        browser.run(
            "const s = document.getElementById('search'); s.value = arguments[0]; "
            "s.dispatchEvent(new Event('input'));"
            "document.querySelector('#results button')?.click();"
            "for (const d of document.querySelectorAll('#about details')) d.open = true;",
            HOSTILE[number][:60],
        )
    browser.run("for (const b of document.querySelectorAll('#communities button')) b.click()")
    time.sleep(0.5)
    assert browser.dialog() is None
    assert browser.run("return window.__x === undefined")
    assert browser.run("return document.querySelectorAll('#about blockquote').length") >= 0
    asked = [url for url in browser.requests() if not url.startswith(("chrome:", "data:"))]
    assert asked == [(tmp_path / "page.html").resolve().as_uri()]
    assert browser.complaints() == []


@needs_browser
def test_five_thousand_nodes_stay_usable(browser: Browser, tmp_path: Path) -> None:
    made = big_view(6_000)
    export_html(made, tmp_path / "page.html")
    browser.open(tmp_path / "page.html")
    assert browser.run("return document.getElementById('size').textContent").startswith("5,000 of 6,000")
    find(browser, "Thing 17")
    assert browser.run("return document.querySelector('#about h2').textContent") == "Thing 17"
    assert browser.complaints() == []


def big_view(count: int) -> MemoryView:
    """A ring with chords, ten to a community; made directly, since its texts do not matter."""
    made = MemoryView(
        {"a.md": ("All", "Thing meets thing.")}, types={f"Thing {n}": f"Kind{n % 12}" for n in range(count)}
    )
    names = [f"Thing {n}" for n in range(count)]
    for number, name in enumerate(names):
        made._add_fact("a.md", name, "MEETS", names[(number + 1) % count], "Thing meets thing.")
        made._add_fact("a.md", name, "KNOWS", names[(number * 7 + 3) % count], "Thing meets thing.")
    communities = []
    for start in range(0, count, 10):
        ids = tuple(sorted(made.entity_id(name) for name in names[start : start + 10]))
        communities.append(Community(content_id("com", *ids), 0, None, ids))
    made.set_communities(
        communities, [Report(item.id, f"Group {n}", "", ()) for n, item in enumerate(communities)]
    )
    made._relations = {key: replace(value) for key, value in made._relations.items()}
    return made


def find(browser: Browser, text: str) -> None:
    browser.run(
        "const s = document.getElementById('search'); s.value = arguments[0]; "
        "s.dispatchEvent(new Event('input'));"
        "document.querySelector('#results button').click();",
        text,
    )


def wait(browser: Browser, script: str) -> Any:
    for _ in range(40):
        value = browser.run(script)
        if value:
            return value
        time.sleep(0.05)
    raise AssertionError(f"nothing came of: {script}")
