"""The files that ``graphrag init`` writes, made from the settings' own fields so they cannot lag behind."""

from pydantic import BaseModel

from graphrag.config import Config

ONTOLOGY = """\
# What your domain speaks of. Triples that do not fit are kept in the quarantine with a reason:
#   graphrag quarantine KG stats      see what was rejected, and why
#   graphrag ontology suggest KG      see what to add here
#   graphrag quarantine KG replay --ontology ontology.yaml     after an edit, nothing is read again
name: starter
types:
  Agent: {label: agent}
  Person: {label: person, parents: [Agent]}
  Organization: {label: organization, parents: [Agent], aliases: [company, firm, institution]}
  Place: {label: place, aliases: [location]}
  City: {label: city, parents: [Place], aliases: [town]}
  Country: {label: country, parents: [Place], aliases: [state]}
  Product: {label: product, aliases: [device, software]}
relations:
  FOUNDED: {label: founded, domain: [Person], range: [Organization], aliases: [established, co-founded]}
  WORKS_FOR: {label: works for, domain: [Person], range: [Organization], cues: [employed by, joined]}
  CEO_OF: {label: chief executive officer of, domain: [Person], range: [Organization], aliases: [CEO of]}
  MAKES: {label: makes, domain: [Organization], range: [Product], cues: [produced, released, announced]}
  LOCATED_IN: {label: located in, domain: [Organization, Place], range: [Place], cues: [based in]}
  BORN_IN: {label: born in, domain: [Person], range: [Place]}
"""


def starter_files() -> dict[str, str]:
    """File name to text."""
    return {"graphrag.yaml": settings_text(), "ontology.yaml": ONTOLOGY}


def settings_text() -> str:
    """Every setting with its default and meaning, commented out but for the ontology's path."""
    lines = [
        "# Settings of graphrag. Every line that is commented out shows the default.",
        "# The key to a model's server is never written here: set OPENAI_API_KEY in the environment.",
        "",
    ]
    for name, field in Config.model_fields.items():
        section = field.annotation
        if not (isinstance(section, type) and issubclass(section, BaseModel)):
            continue
        doc = (section.__doc__ or "").strip().splitlines()
        lines.append(f"# {doc[0]}" if doc else "#")
        own = name == "ontology"
        lines.append(f"{name}:" if own else f"# {name}:")
        for key, setting in section.model_fields.items():
            if own and key == "path":
                lines.append("  path: ontology.yaml")
                continue
            note = f"  # {setting.description}" if setting.description else ""
            lines.append(f"#   {key}: {_plain(setting.default)}{note}")
        lines.append("")
    return "\n".join(lines)


def _plain(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return '""' if value == "" else str(value)
