"""Answers: by quoting, or written by a model; every citation checked."""
