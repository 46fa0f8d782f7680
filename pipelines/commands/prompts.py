"""``graphrag prompts``: the texts a model is asked with, to read and to replace."""

from pathlib import Path

import click

from pipelines.commands.options import json_option


@click.command("prompts")
@click.argument("name", required=False)
@click.option(
    "--copy", "folder", type=click.Path(path_type=Path, file_okay=False), help="Write them into DIR to edit."
)
@click.option("--force", is_flag=True, help="Replace files of DIR.")
@json_option
def prompts_command(name: str | None, folder: Path | None, force: bool, as_json: bool) -> int:
    """List the prompts with their versions, show one by NAME, or copy them to edit.

    A build or question uses your own where --set llm.prompts=DIR names their folder; what is not there is
    taken from the shipped ones. Raise the version of a file whose meaning you change.
    """
    from graphrag.errors import ConfigError
    from graphrag.prompts import load_prompt, prompt_names, prompt_text
    from pipelines.terminal import print_json, print_table

    chosen = [name] if name else prompt_names()
    texts = {each: prompt_text(each) for each in chosen}
    if folder is not None:
        taken = [each for each in texts if (folder / f"{each}.md").exists()]
        if taken and not force:
            raise ConfigError(f"{folder} already has {taken[0]}.md; use --force to replace, or another DIR")
        folder.mkdir(parents=True, exist_ok=True)
        for each, text in texts.items():
            (folder / f"{each}.md").write_text(text, encoding="utf-8")
        click.echo(f"wrote {len(texts)} to {folder}; use them with --set llm.prompts={folder}", err=True)
        return 0
    if name and not as_json:
        click.echo(texts[name], nl=False)
        return 0
    prompts = [load_prompt(each) for each in chosen]
    rows = [(prompt.name, prompt.version, sorted(prompt.marks)) for prompt in prompts]
    if as_json:
        print_json([{"name": n, "version": v, "marks": m, "text": texts[n]} for n, v, m in rows])
    else:
        print_table(("prompt", "version", "is filled with"), ((n, v, ", ".join(m)) for n, v, m in rows))
    return 0
