"""A model that answers from sources, and some that misbehave, for the scripted server."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

Messages = Sequence[Mapping[str, str]]
_SOURCE = re.compile(r'<source-([0-9a-f]{8}) number="(\d+)">\n(.*?)\n</source-\1>', re.DOTALL)
_QUESTION = re.compile(r"<question-([0-9a-f]{8})>\n(.*?)\n</question-\1>", re.DOTALL)
_FORMS = (
    (
        re.compile(r"Who founded (?P<object>[^?]+)\?"),
        r"(?P<answer>[A-Z]\w+(?: [A-Z]\w+)*) founded {object}\.",
    ),
    (re.compile(r"Where was (?P<subject>[^?]+) born\?"), r"{subject} was born in (?P<answer>[A-Z]\w+)\."),
    (
        re.compile(r"Who acquired (?P<object>[^?]+)\?"),
        r"(?P<answer>[A-Z]\w+(?: [A-Z]\w+)*) acquired {object}\.",
    ),
)


def question_of(messages: Messages) -> str:
    found = _QUESTION.search(str(messages[1]["content"]))
    return found[2] if found else ""


def sources_of(text: str) -> list[tuple[int, str]]:
    return [(int(number), words) for _, number, words in _SOURCE.findall(text)]


def answered(question: str, sources: list[tuple[int, str]]) -> dict[str, Any]:
    """One fact, read off one sentence; or not found."""
    for asked, stated in _FORMS:
        match = asked.fullmatch(question)
        if match is None:
            continue
        pattern = re.compile(stated.format(**{k: re.escape(v) for k, v in match.groupdict().items()}))
        for number, text in sources:
            found = pattern.search(text)
            if found:
                quote = {"source": number, "quote": found[0]}
                return {
                    "statements": [{"text": found[0], "quotes": [quote]}],
                    "found": True,
                    "short": found["answer"],
                }
    return {"statements": [], "found": False, "missing": f"No source answers: {question}"}


def honest(messages: Messages, body: Mapping[str, Any]) -> str:
    """Answers, takes apart, streams, uses tools and judges, all by simple rules."""
    system = str(messages[0]["content"])
    question = question_of(messages)
    if system.startswith("You take a question apart"):
        return json.dumps({"questions": _taken_apart(question)})
    if system.startswith("You answer a question by looking things up"):
        return json.dumps(_step(messages, question))
    if system.startswith("You compare"):
        return json.dumps(_compared(system, str(messages[1]["content"])))
    if system.startswith("You check whether quotations"):
        return json.dumps({"reason": "", "borne_out": "yes"})
    text = str(messages[1]["content"])
    sources = sources_of(text.partition("\nQuestion:")[0])
    found = answered(question, sources)
    if not found["found"] and "Found so far" in text:
        found = _combined(text, sources)
    if "Write plain sentences" in system:
        (statement,) = found["statements"]
        return f"{found['short']}. {statement['text']} [{statement['quotes'][0]['source']}]"
    if '"reasoning"' in system:
        found = {"reasoning": "The source says so.", **found}
    return json.dumps(found)


def _taken_apart(question: str) -> list[str]:
    match = re.fullmatch(r"Where was the founder of the firm that acquired (.+) born\?", question)
    if match:
        return [f"Who acquired {match[1]}?", "Who founded #1?", "Where was #2 born?"]
    return [question]


def _combined(text: str, sources: list[tuple[int, str]]) -> dict[str, Any]:
    """The last inner answer, and a quotation for every one of them."""
    statements, short = [], ""
    for inner in re.findall(r"^- (.*\?) (.+)$", text, re.MULTILINE):
        part = answered(inner[0], sources)
        statements += part["statements"]
        short = inner[1]
    return {"statements": statements, "found": bool(statements), "short": short}


def _step(messages: Messages, question: str) -> dict[str, Any]:
    seen = "\n".join(str(message["content"]) for message in messages[2:] if message["role"] == "user")
    sources = sources_of(seen)
    step = {"thought": "", "tool": "finish", "first": "", "second": "", "answer": None}
    target = question.rpartition("acquired ")[2].removesuffix(" born?")
    owner = re.search(rf"([A-Z]\w+) acquired {re.escape(target)}\b", seen)
    if owner is None:
        return {**step, "thought": "Who owns it?", "tool": "neighbours", "first": target, "second": ""}
    founder = re.search(rf"([A-Z]\w+ [A-Z]\w+) founded {owner[1]}\b", seen)
    if founder is None:
        return {
            **step,
            "thought": "Who founded it?",
            "tool": "neighbours",
            "first": owner[1],
            "second": "FOUNDED",
        }
    place = re.search(rf"{founder[1]} was born in (\w+)", seen)
    if place is None:
        return {
            **step,
            "thought": "Where born?",
            "tool": "neighbours",
            "first": founder[1],
            "second": "BORN_IN",
        }
    statements = [
        {"text": found[0], "quotes": [{"source": 1, "quote": found[0]}]} for found in (owner, founder, place)
    ]
    assert sources
    return {**step, "answer": {"statements": statements, "found": True, "short": place[1], "missing": ""}}


def _compared(system: str, text: str) -> dict[str, Any]:
    """Sameness by words; and always the first, as a judge with a favourite side."""
    if '"better"' in system:
        return {"reason": "", "better": "A"}
    first, second = (
        re.findall(rf"<{kind}-[0-9a-f]{{8}}>\n(.*?)\n</", text, re.DOTALL)[0] for kind in ("first", "second")
    )
    same = first.split()[0].strip(".") in second or second.split()[0].strip(".") in first
    return {"reason": "", "same": "yes" if same else "no"}


def liar(messages: Messages, body: Mapping[str, Any]) -> str:
    """Quotes what no source says, cites sources that are not there, and adds what it cannot quote."""
    statements = [
        {"text": "Ada Stone founded Evil.", "quotes": [{"source": 1, "quote": "Ada Stone founded Evil."}]},
        {"text": "Nobody knows.", "quotes": [{"source": 99, "quote": "nobody"}]},
        {"text": "It is so.", "quotes": []},
    ]
    honest_part = answered(question_of(messages), sources_of(str(messages[1]["content"])))["statements"]
    for statement in honest_part:
        statement["text"] += " [7]"
    return json.dumps({"statements": [*statements, *honest_part], "found": True, "short": "x"})


def looping(messages: Messages, body: Mapping[str, Any]) -> str:
    """Takes the same step for ever."""
    return json.dumps({"thought": "again", "tool": "search_entity", "first": "Acme", "second": ""})


def wandering(messages: Messages, body: Mapping[str, Any]) -> str:
    """Never finishes, and never does the same twice."""
    return json.dumps(
        {"thought": "on", "tool": "search_entity", "first": f"Firm {len(messages)}", "second": ""}
    )


def inventive(messages: Messages, body: Mapping[str, Any]) -> str:
    """Invents a tool, then claims an answer it never looked up."""
    if len(messages) == 2:
        return json.dumps({"thought": "", "tool": "run_shell", "first": "rm -rf /", "second": ""})
    quote = {"source": 1, "quote": "Ada Stone was born in Paris."}
    answer = {
        "statements": [{"text": "Paris.", "quotes": [quote]}],
        "found": True,
        "short": "Paris",
        "missing": "",
    }
    return json.dumps({"thought": "", "tool": "finish", "first": "", "second": "", "answer": answer})


def mumbling(messages: Messages, body: Mapping[str, Any]) -> str:
    """Says nothing that can be read."""
    return "I think the answer might be Paris."


def of_two_minds(messages: Messages, body: Mapping[str, Any]) -> str:
    """Answers by seed: two of five samples are wrong, one is unreadable."""
    seed = int(body.get("seed") or 0) % 5
    if seed == 1:
        return "hm"
    found = json.loads(honest(messages, body))
    if seed in (2, 4):
        found["short"] = "Somebody Else"
    return json.dumps(found)


def quoting(messages: Messages, body: Mapping[str, Any]) -> str:
    """Quotes the first line of the first source it sees, whatever is asked."""
    tools = str(messages[0]["content"]).startswith("You answer a question by looking things up")
    if tools and len(messages) == 2:
        return json.dumps({"thought": "", "tool": "lookup", "first": question_of(messages), "second": ""})
    number, text = sources_of(str(messages[-1]["content"]))[0]
    line = max(text.splitlines(), key=len)
    quote = line.partition(". ")[0]
    answer = {"statements": [{"text": quote, "quotes": [{"source": number, "quote": quote}]}], "found": True}
    if tools:
        return json.dumps({"tool": "finish", "answer": {**answer, "short": "", "missing": ""}})
    return json.dumps(answer)


def reporting(messages: Messages, body: Mapping[str, Any]) -> str:
    """A finding for each source, one made up, one with a false number, and a title that boasts."""
    findings = []
    for number, text in sources_of(str(messages[1]["content"])):
        words = text.splitlines()[-1]
        findings.append(
            {
                "text": f"It is told that {words}",
                "importance": number,
                "quotes": [{"source": number, "quote": words}],
            }
        )
        findings.append(
            {"text": f"In 1999 {words}", "importance": 9, "quotes": [{"source": number, "quote": words}]}
        )
    findings.append(
        {"text": "Mallory rules", "importance": 10, "quotes": [{"source": 1, "quote": "Mallory rules"}]}
    )
    return json.dumps(
        {"title": "The Empire of Mallory", "summary": "A group of firms.", "findings": findings}
    )


def matching(messages: Messages, body: Mapping[str, Any]) -> str:
    """Two things are one if the same place of birth is told of both."""
    text = str(messages[1]["content"])
    first, _, second = text.partition("Second:")
    places = [set(re.findall(r"born in (\w+)", side)) for side in (first, second)]
    same = "unsure" if not all(places) else "yes" if places[0] & places[1] else "no"
    return json.dumps({"reason": "places", "same": same})


def querying(messages: Messages, body: Mapping[str, Any]) -> str:
    """Writes queries: with a wrong word first, and puts it right when told; some never learn."""
    question = question_of(messages)
    told = [str(message["content"]) for message in messages if "was not run" in str(message["content"])]
    founder = (
        "CALL db.index.fulltext.queryNodes('kg_names', $name, {limit: 1}) YIELD node AS o "
        "MATCH (p:Person)-[:FOUNDED]->(o) RETURN p.name AS name LIMIT 5"
    )
    query, values, missing = founder, {"name": question.split()[-1].rstrip("?")}, ""
    if question.startswith("Who founded") and not told:
        query = founder.replace(":FOUNDED", ":FOUNDER_OF")
    elif question.startswith("Delete"):
        query = "MATCH (p:Person) DETACH DELETE p RETURN count(p)"
    elif question.startswith("What will"):
        query, values, missing = "", {}, "The graph holds no forecasts."
    return json.dumps({"query": query, "parameters": values, "missing": missing})
