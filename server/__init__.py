"""Between HTTP and a run: what is read of a request, and the one response."""
