"""The wire of the LangGraph SDK, generation 1: its messages and its frames.

It is no dialect that a path names: its routes are `app.langgraph`.
"""
