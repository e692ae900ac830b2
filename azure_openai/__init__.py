"""The upstream: Azure OpenAI, or any server that speaks OpenAI's chat completions.

Nothing here knows LangChain; `chains/_model.py` plugs it into LangChain's models.
"""
