"""A chain with a variable of its own."""

from langchain_core.prompts import ChatPromptTemplate

translate = ChatPromptTemplate.from_template("Into {language}: {question}")
"""Translates."""
