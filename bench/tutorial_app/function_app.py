"""The tutorial handler: LangChain's chunks as SSE, in a dozen lines.

Written anew from its description, and faithful in what this project does otherwise: the
answer has no end, usage or error of its own. One thing is better than described: the
model is built once, not for each request, which would double what a request costs.
"""

import json
import os
from collections.abc import AsyncGenerator

import azure.functions as func
from azurefunctions.extensions.http.fastapi import Request, StreamingResponse
from langchain_openai import AzureChatOpenAI

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
llm = AzureChatOpenAI(azure_deployment=os.environ["AZURE_OPENAI_CHAT_DEPLOYMENT"])


async def stream(user: str) -> AsyncGenerator[str]:
    async for chunk in llm.astream(user):
        event = {"deployment": "Deployment Name", "delta_content": chunk.content}
        yield f"data: {json.dumps(event)}\n\n"


@app.route("http_trigger", methods=[func.HttpMethod.POST])
async def http_trigger(req: Request) -> StreamingResponse:
    body = await req.json()
    return StreamingResponse(stream(body.get("user")), media_type="text/event-stream")
