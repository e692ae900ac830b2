"""The upstream: Azure OpenAI, or any server that speaks OpenAI's chat completions.

Nothing here knows LangChain; `runnables/model.py` plugs it into LangChain's models.
"""
