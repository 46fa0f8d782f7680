"""The benchmarks that need no data of yours, one after the other, in sizes that take minutes.

    python benchmarks/all.py

Each script says in its first lines what it measures and how to run it larger or on your own data.
"""

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
RUNS = (
    ("extraction.py", "speed"),
    ("ontology_check.py", "--triples", "200000", "--shacl-triples", "2000"),
    ("engine.py", "costs", "--sizes", "1000", "5000"),
    ("communities.py", "--power-law", "30000", "100000"),
    ("search_scale.py", "--entities", "1000", "10000"),
    ("global_search.py", "scale", "--entities", "10000", "--relations", "30000"),
    ("llm.py", "overhead"),
)


def main() -> int:
    """Run all; the number of scripts that failed."""
    failed = 0
    for script, *arguments in RUNS:
        print(f"\n== {script} {' '.join(arguments)}", flush=True)
        # One thread: figures are CPU seconds, and threads that wait for each other would count twice.
        done = subprocess.run(
            [sys.executable, str(HERE / script), *arguments],
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            check=False,
        )
        failed += done.returncode != 0
    return failed


if __name__ == "__main__":
    sys.exit(main())
