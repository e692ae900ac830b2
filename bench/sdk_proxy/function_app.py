"""A proxy made of the OpenAI SDK: each chunk decoded, modelled, and encoded again.

Written anew in the style of such proxies, with what they are known to get wrong left
out: the client is asynchronous and shared, and the body's `model` is no second one.
"""

import os
from collections.abc import AsyncGenerator

import azure.functions as func
from azurefunctions.extensions.http.fastapi import Request, StreamingResponse
from openai import AsyncAzureOpenAI, AsyncStream
from openai.types.chat import ChatCompletionChunk

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
client = AsyncAzureOpenAI(
    azure_endpoint=os.environ["AZURE_OPENAI_ENDPOINT"],
    api_key=os.environ["AZURE_OPENAI_API_KEY"],
    api_version=os.environ["OPENAI_API_VERSION"],
)


async def stream(chunks: AsyncStream[ChatCompletionChunk]) -> AsyncGenerator[str]:
    content, usage = [], None
    async for chunk in chunks:
        if chunk.choices and chunk.choices[0].delta.content:
            content.append(chunk.choices[0].delta.content)
        usage = chunk.usage or usage
        yield f"data: {chunk.model_dump_json()}\n\n"
    yield "data: [DONE]\n\n"


@app.route(
    "openai/deployments/{deployment}/chat/completions", methods=[func.HttpMethod.POST]
)
async def chat_completions(req: Request) -> StreamingResponse:
    body = await req.json()
    body |= {"model": req.path_params["deployment"], "stream": True}
    body["stream_options"] = {"include_usage": True}
    chunks = await client.chat.completions.create(**body)
    return StreamingResponse(stream(chunks), media_type="text/event-stream")
