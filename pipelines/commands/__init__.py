"""The commands: each parses, calls one function of the engine, and renders."""
