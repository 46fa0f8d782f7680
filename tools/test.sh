#!/bin/sh
# The whole test suite on as many processes as there are cores; what was left out is listed at the end.
set -eu
cd "$(dirname "$0")/.."
export OMP_NUM_THREADS=1
# The tests against a real Neo4j need its class path; without Java or Maven they are skipped, and say so.
if command -v java >/dev/null 2>&1 && command -v mvn >/dev/null 2>&1; then
    tools/neo4j/fetch.sh || echo "test: no Neo4j could be fetched; its tests are skipped" >&2
fi
exec .venv/bin/python -m pytest -n "${TEST_WORKERS:-auto}" --dist worksteal -rs "$@"
