"""``graphrag init``: settings and a starter ontology, with comments."""

from pathlib import Path

import click


@click.command("init")
@click.argument("folder", default=".", type=click.Path(path_type=Path, file_okay=False), metavar="[DIR]")
@click.option("--force", is_flag=True, help="Replace existing files.")
def init_command(folder: Path, force: bool) -> int:
    """Write a commented graphrag.yaml and a starter ontology into DIR."""
    from graphrag.errors import ConfigError
    from pipelines.starter import starter_files

    files = starter_files()
    taken = [name for name in files if (folder / name).exists()]
    if taken and not force:
        raise ConfigError(f"{folder} already has {', '.join(taken)}; use --force to replace, or another DIR")
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
        click.echo(f"wrote {folder / name}")
    click.echo(f"next: graphrag build DOCUMENTS --config {folder / 'graphrag.yaml'} --out kg", err=True)
    return 0
