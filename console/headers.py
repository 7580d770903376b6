"""What every answer tells the browser to refuse. Plain ASGI, so that a stream passes through unbuffered."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'"
)
"""Nothing from elsewhere, nothing inline, nothing made from text. `blob:` holds pictures that a script fetched."""

FORM_ACTION = "X-Form-Action"
"""Set by a route whose page has a form for one other site: goes into the policy, and not to the browser."""

# no-referrer would make browsers send "Origin: null" with our own login form.
_ALWAYS = {
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class SafeHeaders:
    """Adds the headers to every answer; answers that name no caching are not stored.

    Args:
        app: what is wrapped.
        secure: whether it is served over TLS.
        policy: the Content-Security-Policy.
        microphone: whether the page may ask for one: for the help call, where officers talk through the page.
    """

    def __init__(self, app: ASGIApp, *, secure: bool, policy: str = POLICY, microphone: bool = False) -> None:
        self._app = app
        allowed = "(self)" if microphone else "()"
        self._policy = policy
        self._headers = {
            "Content-Security-Policy": policy,
            "Permissions-Policy": f"camera=(), geolocation=(), microphone={allowed}, payment=(), usb=()",
            **_ALWAYS,
            **({"Strict-Transport-Security": "max-age=31536000"} if secure else {}),
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on, and its answer back with the headers."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers[name] = value
                if (goes_to := headers.get(FORM_ACTION)) is not None:
                    del headers[FORM_ACTION]
                    wanted = f"form-action {goes_to}"
                    headers["Content-Security-Policy"] = self._policy.replace("form-action 'self'", wanted)
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self._app(scope, receive, send_with_headers)
