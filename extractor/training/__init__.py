"""Annotated corpora to a trained recogniser: spaCy's own training, on documents that the program's rules have read first."""
