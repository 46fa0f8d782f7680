"""``graphrag pairs``: entities that may be one thing, put to a model, merged by the user."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipelines.commands.options import json_option, kg_argument, settings_options

if TYPE_CHECKING:
    from graphrag.generation.pairs import Opinion, Pair


@click.command("pairs")
@kg_argument
@click.option("--least", type=click.FloatRange(0.0, 1.0), default=0.85, show_default=True, help="Likeness.")
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="Pairs looked at.")
@click.option("--judge", is_flag=True, help="Ask the model of the settings about each, in both orders.")
@click.option("--merge", is_flag=True, help="Merge those that the model takes for one; implies --judge.")
@settings_options
@json_option
def pairs_command(
    kg: str,
    least: float,
    limit: int,
    judge: bool,
    merge: bool,
    config_path: Path | None,
    overrides: tuple[str, ...],
    as_json: bool,
) -> int:
    """Entities with names alike that resolution left apart: list them, let a model judge, merge.

    A merge is a decision of yours: it stays through updates and rebuilds, and `graphrag resolve KG forget`
    takes it back.
    """
    from graphrag.engine import GraphRAG
    from graphrag.generation.pairs import decisions_of, doubtful_pairs
    from pipelines.knowledge import place_of
    from pipelines.model import open_pair_judge, query_config
    from pipelines.terminal import TerminalProgress, print_json

    merged = 0
    with GraphRAG.open(place_of(kg), write=merge) as base:
        pairs = doubtful_pairs(base.view, least=least, most=limit)
        rows = [_pair(pair) for pair in pairs]
        if judge or merge:
            config = query_config(base, config_path, overrides, asks=True)
            with open_pair_judge(base, config) as judging:
                opinions = judging.opinions(base.view, pairs)
            rows = [_opinion(opinion) for opinion in opinions]
            for decision in decisions_of(opinions) if merge else ():
                types = {"first_type": decision.first_type, "second_type": decision.second_type}
                base.merge(decision.first, decision.second, **types)
                merged += 1
            if merged:
                base.refresh(progress=TerminalProgress())
    if as_json:
        print_json({"pairs": rows, "merged": merged})
        return 0
    for row in rows:
        verdict = f"  {click.style(row['same'], bold=True)}: {row['reason']}" if "same" in row else ""
        click.echo(f"{row['likeness']:.2f}  {row['first']} | {row['second']}  ({row['type']}){verdict}")
    click.echo(f"{len(rows)} pairs, {merged} merged", err=True)
    return 0


def _pair(pair: "Pair") -> dict[str, Any]:
    return {
        "first": pair.first.name,
        "second": pair.second.name,
        "type": pair.first.type,
        "likeness": pair.likeness,
    }


def _opinion(opinion: "Opinion") -> dict[str, Any]:
    return {**_pair(opinion.pair), "same": opinion.same, "reason": opinion.reason}
