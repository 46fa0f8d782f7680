"""``graphrag eval``: a question set in, a metrics table and a run file out."""

from pathlib import Path

import click

from pipelines.commands.options import MODES, json_option, kg_argument, settings_options


@click.command("eval")
@kg_argument
@click.option(
    "--questions",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help='JSONL: {"id", "question", "gold_documents"?, "answer"?, "aliases"?} per line.',
)
@click.option("--mode", type=click.Choice(MODES), default=None)
@click.option("-k", type=click.IntRange(1, 1000), default=8, show_default=True)
@click.option(
    "--run", "run_path", type=click.Path(path_type=Path, dir_okay=False), help="Ranked documents, JSONL."
)
@click.option("--answers/--no-answers", default=None, help="Also answer; by default where answers are given.")
@settings_options
@click.option(
    "--answerer",
    type=click.Choice(["quote", "llm", "agent"]),
    default="quote",
    show_default=True,
    help="Who answers: quotations, or the model of the settings.",
)
@click.option("--judge", is_flag=True, help="Let the model of the settings judge the answers too.")
@json_option
def eval_command(
    kg: str,
    questions: Path,
    mode: str | None,
    k: int,
    run_path: Path | None,
    answers: bool | None,
    config_path: Path | None,
    overrides: tuple[str, ...],
    answerer: str,
    judge: bool,
    as_json: bool,
) -> int:
    """Measure recall@2/5/k, all-recall@k, MRR, and EM/F1 where answers are given."""
    from graphrag.engine import GraphRAG
    from pipelines.evaluate import evaluate, read_questions, write_run
    from pipelines.knowledge import place_of
    from pipelines.model import (
        lend_embedding_key,
        open_answerer,
        open_judge,
        query_config,
        use_search_settings,
    )
    from pipelines.terminal import TerminalProgress, print_json, print_pairs

    asked = read_questions(questions)
    with GraphRAG.open(place_of(kg)) as base:
        lend_embedding_key(base, trusted=False)
        asks = judge or answerer != "quote"
        config = query_config(base, config_path, overrides, asks=asks)
        use_search_settings(base, config)
        with open_answerer(base, config, answerer) as ask, open_judge(base, config, wanted=judge) as judging:
            result = evaluate(
                base,
                asked,
                mode=mode,
                k=k,
                answers=True if judge else answers,
                progress=TerminalProgress(),
                ask=ask,
                judge=judging,
            )
    if run_path is not None:
        write_run(run_path, result.run)
    if as_json:
        print_json(result.metrics)
    else:
        print_pairs(result.metrics)
    return 0
