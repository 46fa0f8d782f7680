#!/usr/bin/env bash
# Resolves the server's class path once into build/neo4j/lib (about 200 jars). Idempotent.
set -euo pipefail
cd "$(dirname "$0")/../.."
lib=build/neo4j/lib
version=${NEO4J_VERSION:-5.26.29}
[ -f "$lib/.done-$version" ] && exit 0
mkdir -p "$lib"
echo "neo4j: resolving $version from Maven Central (once)" >&2
mvn -q -B -f tools/neo4j/pom.xml -Dneo4j.version="$version" \
    dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$PWD/$lib"
mvn -q -B -f tools/neo4j/tools-pom.xml -Dneo4j.version="$version" \
    dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$PWD/$lib" ||
    echo "neo4j: admin tools not resolved; the import and check tests will say so" >&2
for jar in "neo4j-$version.jar" "neo4j-server-$version.jar" "neo4j-browser-*.jar"; do
    compgen -G "$lib/$jar" >/dev/null || { echo "neo4j: $jar is missing from $lib" >&2; exit 1; }
done
touch "$lib/.done-$version"
