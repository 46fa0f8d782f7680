# Each target sets up what it needs by itself, from the package registry alone.
.PHONY: demo test lint bench setup clean
GRAPHRAG = .venv/bin/graphrag
DEMO = out/demo

setup:
	@tools/setup.sh

demo: setup
	@$(GRAPHRAG) build examples/demo/articles --out $(DEMO)
	@echo
	@$(GRAPHRAG) inspect $(DEMO) stats
	@echo
	@$(GRAPHRAG) ask $(DEMO) "Who is the CEO of the company that invented the iPhone?"
	@echo
	@$(GRAPHRAG) ask $(DEMO) "What are the main themes of these articles?" --mode global

test: setup
	@tools/test.sh

lint: setup
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy

bench: setup
	@.venv/bin/python benchmarks/all.py

clean:
	rm -rf .venv build out .mypy_cache .ruff_cache .pytest_cache .hypothesis
