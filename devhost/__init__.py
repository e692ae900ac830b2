"""`python -m devhost`: a Function App on its real runtime, without Core Tools."""
