"""Where a knowledge base lives: one SQLite file, and its faces in NetworkX and Neo4j."""
