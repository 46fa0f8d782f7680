"""Texts -> unit vectors: bundled weights, plain hashing, a server, or sentence-transformers."""
