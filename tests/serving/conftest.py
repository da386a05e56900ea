"""The app of a scripted world, and OpenAI's own client of it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import openai
import pytest
from fastapi import FastAPI
from support.serving import LOCAL, client, served


@pytest.fixture(scope="module")
def app() -> FastAPI:
    return served()


@pytest.fixture
async def official(app: FastAPI) -> AsyncIterator[openai.AsyncOpenAI]:
    async with client(app) as http:
        yield openai.AsyncOpenAI(
            api_key="-", base_url=f"{LOCAL}/v1", http_client=http, max_retries=0
        )
