"""A control room's provider on loopback: oidc-provider-mock, an OpenID provider of its own making (Authlib, Flask).

It leaves PKCE to others, so the rig refuses a token without the right verifier, as providers do; and it can be made to lie.
"""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import warnings
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of its libraries, about each other
    import flask
    import oidc_provider_mock
    from werkzeug.serving import make_server

PEOPLE: dict[str, dict[str, Any]] = {
    "u1": {"preferred_username": "ng", "name": "Ng Ka-ming", "realm": {"roles": ["staff", "lane-officers"]}},
    "u2": {"preferred_username": "ho", "name": "Ho Wai", "realm": {"roles": ["lane-officers", "lane-supervisors"]}},
    "u3": {"preferred_username": "guest", "name": "A Guest", "realm": {"roles": ["staff"]}},
    "u4": {"preferred_username": "somebody@elsewhere", "name": "S", "realm": {"roles": ["lane-officers"]}},
}
Claims = dict[str, Any]


class Provider:
    """Runs in a thread until closed.

    Attributes:
        lie: changes the claims of the next tokens; key: signs them instead of the provider's, where a test gives one.
        algorithm: of the signature.
    """

    def __init__(self) -> None:
        users = [oidc_provider_mock.User(sub=sub, claims=dict(claims)) for sub, claims in PEOPLE.items()]
        app = oidc_provider_mock.app(require_nonce=True, user_claims=users)
        self.lie: Callable[[Claims], Claims] | None = None
        self.key: Any = None
        self.algorithm = "RS256"
        self.redeemed: list[str] = []
        self._challenges: dict[str, str] = {}
        app.before_request(self._check_verifier)
        app.after_request(self._after)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self._server = make_server("localhost", 0, app, threaded=True)
        self.port: int = self._server.server_port
        self.issuer = f"http://localhost:{self.port}"
        self._thread = threading.Thread(target=self._serve, name="provider", daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self._server.serve_forever(0.05)

    def _check_verifier(self) -> Any:
        request = flask.request
        if request.path != "/oauth2/token":
            return None
        self.redeemed.append(request.form.get("code", ""))
        verifier = request.form.get("code_verifier", "")
        made = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        good = len(verifier) >= 43 and self._challenges.get(request.form.get("code", "")) == made
        return None if good else ({"error": "invalid_grant"}, 400)

    def _after(self, response: flask.Response) -> flask.Response:
        request = flask.request
        if request.path == "/oauth2/authorize" and "code=" in response.headers.get("Location", ""):
            code = parse_qs(urlsplit(response.headers["Location"]).query)["code"][0]
            assert request.args["code_challenge_method"] == "S256"
            self._challenges[code] = request.args["code_challenge"]
        if (
            request.path == "/oauth2/token"
            and response.status_code == 200
            and (self.lie or self.key or self.algorithm != "RS256")
        ):
            self._tell_a_lie(response)
        return response

    def _tell_a_lie(self, response: flask.Response) -> None:
        told = json.loads(response.get_data())
        own = flask.g.oidc_provider_mock_storage.jwk
        key = RSAKey.import_key(own.as_dict(is_private=True))
        claims = jwt.decode(told["id_token"], key).claims
        header = {"alg": self.algorithm, "kid": own.as_dict()["kid"]}
        told["id_token"] = jwt.encode(header, (self.lie or dict)(claims), self.key or key, algorithms=[self.algorithm])
        response.set_data(json.dumps(told))

    def close(self) -> None:
        """Nobody answers any more."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)
