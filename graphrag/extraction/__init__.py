"""Reading mentions and triples out of text: `spacy` needs no language model, `llm` asks one."""

__all__: list[str] = []
