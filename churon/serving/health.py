"""`/healthz`, `/readyz` and `/metrics`: for those who look after the server."""

from __future__ import annotations

from dataclasses import asdict

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST

from churon.cli.checks.finding import error
from churon.serving.house import House


def health(house: House) -> APIRouter:
    """The three of them. Health needs no key; metrics need one where the server has keys."""
    router = APIRouter(tags=["operations"])

    @router.head("/healthz", include_in_schema=False)
    @router.get("/healthz")
    async def healthz() -> dict[str, str]:
        """The process answers."""
        return {"status": "ok"}

    @router.head("/readyz", include_in_schema=False)
    @router.get("/readyz", responses={503: {"description": "Not ready; the reasons are named."}})
    async def readyz() -> JSONResponse:
        """Whether a question can be answered now; otherwise 503 with reasons and remedies."""
        findings = await house.readiness.findings()
        if house.draining:
            findings = [*findings, error("server", "is stopping", "Ask another one.")]
        ready = all(finding.level != "error" for finding in findings)
        body = {
            "status": "ready" if ready else "not ready",
            "checks": [asdict(finding) for finding in findings],
        }
        return JSONResponse(body, 200 if ready else 503)

    @router.get("/metrics", response_class=Response)
    async def metrics() -> Response:
        """Prometheus' text format."""
        return Response(house.metrics.text(), media_type=CONTENT_TYPE_LATEST)

    return router
