"""``graphrag quarantine``: what the ontology rejected, and why."""

from collections import Counter
from itertools import islice
from pathlib import Path
from typing import Any

import click

from pipelines.commands.options import json_option, kg_argument


@click.command("quarantine")
@kg_argument
@click.argument("what", type=click.Choice(["list", "stats", "show", "replay"]), default="stats")
@click.argument("triple_id", required=False)
@click.option("--reason", help="Only triples rejected for this reason.")
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="Rows listed.")
@click.option("--ontology", type=click.Path(path_type=Path), help="For replay: the edited schema.")
@json_option
def quarantine_command(
    kg: str,
    what: str,
    triple_id: str | None,
    reason: str | None,
    limit: int,
    ontology: Path | None,
    as_json: bool,
) -> int:
    """Rejected triples: list, stats, show ID, or replay after an ontology edit."""
    if what == "show" and not triple_id:
        raise click.UsageError(f"name the triple, as in: graphrag quarantine {kg} show tri-…")
    if what == "replay":
        return _replay(kg, ontology, as_json=as_json)
    from graphrag.engine import GraphRAG
    from pipelines.knowledge import place_of

    with GraphRAG.open(place_of(kg)) as base:
        match what:
            case "stats":
                data = _stats(base)
            case "show":
                data = _show(base, triple_id or "")
            case _:
                data = _list(base, reason, limit)
    if as_json:
        from pipelines.terminal import print_json

        print_json(data)
    else:
        _print(what, data, kg)
    return 0


def _stats(base: Any) -> dict[str, Any]:
    from pipelines.shapes import quarantine_json

    counts: Counter[str] = Counter()
    messages: dict[str, Counter[str]] = {}
    first: dict[tuple[str, str], Any] = {}
    for triple in base.quarantine():
        code = triple.reason or "unknown"
        counts[code] += 1
        messages.setdefault(code, Counter())[triple.message] += 1
        first.setdefault((code, triple.message), triple)
    reasons = []
    for code, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        # The example is of what is met most often, which is what an edit of the schema could mend.
        ranked = sorted(messages[code].items(), key=lambda item: (-item[1], item[0]))
        reasons.append(
            {
                "reason": code,
                "count": count,
                "example": quarantine_json(base, first[code, ranked[0][0]]),
                "messages": [{"message": message, "count": n} for message, n in ranked[:5]],
            }
        )
    return {"total": sum(counts.values()), "reasons": reasons}


def _list(base: Any, reason: str | None, limit: int) -> dict[str, Any]:
    from pipelines.shapes import quarantine_json

    chosen = (triple for triple in base.quarantine() if reason is None or triple.reason == reason)
    return {"triples": [quarantine_json(base, triple) for triple in islice(chosen, limit)]}


def _show(base: Any, triple_id: str) -> dict[str, Any]:
    from graphrag.errors import NotFoundError
    from pipelines.shapes import quarantine_json

    for triple in base.quarantine():
        if triple.id == triple_id:
            return quarantine_json(base, triple)
    raise NotFoundError(
        f'no triple "{triple_id}" is in the quarantine; list them with: graphrag quarantine KG list'
    )


def _replay(kg: str, ontology: Path | None, *, as_json: bool) -> int:
    from graphrag.engine import GraphRAG
    from pipelines.knowledge import place_of
    from pipelines.terminal import TerminalProgress, print_json

    with GraphRAG.open(place_of(kg), write=True) as base:
        counts = dict(base.replay(ontology))
        base.refresh(progress=TerminalProgress())
    if as_json:
        print_json(counts)
    else:
        click.echo(
            f"accepted {counts['accepted']:,} (before: {counts['accepted_before']:,}), "
            f"rejected {counts['rejected']:,} (before: {counts['rejected_before']:,}); no text was read again"
        )
    return 0


def _print(what: str, data: dict[str, Any], kg: str) -> None:
    if what == "stats":
        click.echo(f"{data['total']:,} triples in quarantine")
        for row in data["reasons"]:
            example = row["example"]
            click.echo(f"\n{row['count']:>7,}  {click.style(row['reason'], bold=True)}")
            click.echo(f"         e.g. ({example['head']}, {example['relation']}, {example['tail']})")
            click.echo(click.style(f"         “{example['quote']}”", dim=True))
            for item in row["messages"][:3]:
                if item["message"] and len(row["messages"]) > 1:
                    click.echo(f"         {item['count']:,} × {item['message']}")
        click.echo(f"\nsee more with: graphrag quarantine {kg} list --reason REASON", err=True)
        return
    for row in [data] if what == "show" else data["triples"]:
        click.echo(f"{row['id']}  {click.style(row['reason'], bold=True)}  {row['message']}")
        click.echo(f"    ({row['head']}, {row['relation']}, {row['tail']})")
        where = f"{row['document']['key']}, {row['span'][0]}–{row['span'][1]}"
        click.echo(f"    {row['head_type'] or '?'} → {row['tail_type'] or '?'}; {where}")
        click.echo(click.style(f"    “{row['quote']}”", dim=True))
