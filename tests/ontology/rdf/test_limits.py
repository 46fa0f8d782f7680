"""Hostile files cost at most a second of CPU and 200 MB, measured in a process of their own."""

import json
import subprocess
import sys

import pytest

MEASURE = """
import re, sys, time
from ontology import OntologyError, load_ontology
kind, path = sys.argv[1:]
if kind == "rdf":
    from ontology.rdf import import_rdf
start = time.process_time()
try:
    (load_ontology if kind == "yaml" else import_rdf)(path)
    message = "accepted"
except OntologyError as error:
    message = str(error)
seconds = time.process_time() - start
# The kernel's ru_maxrss starts at what the parent held when it forked; VmHWM is of this program alone.
peak = int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1]) // 1024
print(seconds, peak, message)
"""
PREFIX = (
    "@prefix owl: <http://www.w3.org/2002/07/owl#> . @prefix s: <http://www.w3.org/2000/01/rdf-schema#> .\n"
)


def yaml_classes(count, parents="{{parents: [T{up}]}}"):
    lines = (f"  T{i}: {parents.format(up=i - 1)}" for i in range(1, count))
    return "types:\n  T0: {}\n" + "\n".join(lines)


FILES = {
    "many.yaml": yaml_classes(100_000),
    "deep.yaml": yaml_classes(9_000),
    "wide.yaml": "types:\n"
    + "\n".join(
        f"  T{i}: {{parents: [{', '.join(f'T{j}' for j in range(max(0, i - 9), i))}]}}" for i in range(5_000)
    ),
    "nested.yaml": "types: " + "[" * 100_000,
    "bomb.yaml": "a: &a [x]\nb: &b [*a, *a]\nc: [*b, *b]\n",
    "many.ttl": PREFIX
    + "".join(f"<urn:x#C{i}> a owl:Class ; s:subClassOf <urn:x#C{i // 2}> .\n" for i in range(100_000)),
    "cycle.ttl": PREFIX
    + "".join(f"<urn:x#C{i}> s:subClassOf <urn:x#C{(i + 1) % 5000}> .\n" for i in range(5_000)),
    "nested.ttl": PREFIX + "<urn:a> s:seeAlso " + "[ s:seeAlso " * 50_000,
    "many.jsonld": json.dumps(
        [{"@id": f"urn:x#C{i}", "@type": "http://www.w3.org/2002/07/owl#Class"} for i in range(70_000)]
    ),
    "nested.jsonld": "[" * 100_000,
    "many.owl": '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:o="http://www.w3.org/2002/07/owl#">'
    + "".join(f'<o:Class rdf:about="urn:x#C{i}"/>' for i in range(100_000))
    + "</rdf:RDF>",
    "laughs.owl": '<!DOCTYPE l [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY b{i} "&a;&a;&a;&a;&a;">' for i in range(50))
    + "]><l>&b49;</l>",
}


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_hostile_file_is_refused_quickly_and_cheaply(name, tmp_path):
    path = tmp_path / name
    path.write_text(FILES[name])
    kind = "yaml" if name.endswith("yaml") else "rdf"
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, kind, str(path)], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr[-500:]
    seconds, megabytes, message = done.stdout.split(maxsplit=2)
    assert message != "accepted\n"
    assert name in message
    # Twice the budget of one second, so that a busy machine does not fail the test.
    assert float(seconds) < 2.0
    assert int(megabytes) < 200
