"""The wire: what is asked, what is answered, and how both look as bytes.

Nothing here knows LangChain or Azure.
"""
