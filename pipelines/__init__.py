"""Batch builds: files in, artifacts out, resuming, and the command line."""
