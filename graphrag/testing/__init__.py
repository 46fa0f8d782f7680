"""Contract suites and fakes, for our own implementations and for other people's."""
