"""Search structures: words, vectors, names, and the arrays they lie in."""
