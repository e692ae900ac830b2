"""`python -m doctor [URL]`: finds what keeps an app from streaming, and says so."""
