"""`/docs`: Swagger UI from an installed package, since FastAPI's own loads it from elsewhere."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from fastapi import APIRouter, Response
from fastapi.responses import FileResponse, HTMLResponse

from services.common.version import VERSION

router = APIRouter(prefix="/docs", include_in_schema=False)

# Relative addresses, so that the page works behind a proxy that serves it under a prefix.
_PAGE = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>multimodal-search API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="docs/swagger-ui.css?v={VERSION}">
</head>
<body>
<div id="swagger-ui"></div>
<script src="docs/swagger-ui-bundle.js?v={VERSION}"></script>
<script src="docs/start.js?v={VERSION}"></script>
</body>
</html>
"""

# Requests go where the page is from, also below a path of a proxy that we do not know.
_START = """fetch("openapi.json").then((answer) => answer.json()).then((spec) => {
  spec.servers = [{ url: new URL(".", location).href.replace(/\\/$/, "") }];
  SwaggerUIBundle({
    spec,
    dom_id: "#swagger-ui",
    deepLinking: true,
    tryItOutEnabled: true,
    displayRequestDuration: true,
  });
});
"""

# Swagger UI writes styles and icons into the page; scripts come from here alone.
_CONTENT_SECURITY_POLICY = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "object-src 'none'; base-uri 'none'; frame-ancestors 'none'"
)


@router.get("")
async def docs() -> HTMLResponse:
    return HTMLResponse(_PAGE, headers={"Content-Security-Policy": _CONTENT_SECURITY_POLICY})


@router.get("/start.js")
async def docs_start() -> Response:
    return Response(_START, media_type="text/javascript")


@router.get("/swagger-ui-bundle.js")
async def docs_script() -> FileResponse:
    return FileResponse(_bundled("swagger-ui-bundle.js"), media_type="text/javascript")


@router.get("/swagger-ui.css")
async def docs_style() -> FileResponse:
    return FileResponse(_bundled("swagger-ui.css"), media_type="text/css")


def _bundled(name: str) -> Path:
    return Path(str(files("fastapi_offline") / "static" / name))
