"""LangServe with one route: a model that is built once."""

import os

from fastapi import FastAPI
from langchain_openai import AzureChatOpenAI
from langserve import add_routes

app = FastAPI()
model = AzureChatOpenAI(
    azure_deployment="gpt", api_version=os.environ["OPENAI_API_VERSION"]
)
add_routes(app, model, path="/chat")
