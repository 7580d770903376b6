"""The control room's own accounts: OpenID Connect, authorization code with PKCE, as a confidential or public client.

Rules of this file (OpenID Connect Core 1.0, RFC 7636, RFC 9207, RFC 9700):
- Nobody is who a browser says. An ID token counts only if the provider's key signed it, for this wall, just now, with the nonce of this
  very sign-in; the code is good only with the verifier that this process kept, and the answer only in the browser that began.
- A role comes from a configured claim by a configured table. No entry, no way in: there is no usual role.
- A provider that is away keeps nobody out who has an account here; that it is away is said.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import ssl
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import httpx
import msgspec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from console.officers import OfficerRole
from runtime.sections import is_loopback
from wall.errors import SignInRefusedError
from wall.settings import OidcSection

BACK: Final = "/oidc/back"
ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
"""Signatures by a provider's key; none by a shared secret, and never "none"."""

BEGUN_MS: Final = 600_000
_MOST_BEGUN: Final = 64
"""Sign-ins that are under way; the oldest gives its place."""

_KNOWN_MS: Final = 3_600_000
_TIMEOUT: Final = httpx.Timeout(5.0)
_LEEWAY_S: Final = 60
_FRESH_S: Final = 600
_STRONGEST: Final = (OfficerRole.SUPERVISOR, OfficerRole.OFFICER, OfficerRole.TECHNICIAN, OfficerRole.VIEWER)


class ProviderMetadata(msgspec.Struct, frozen=True, kw_only=True):
    """What a provider says of itself (Discovery 1.0), as far as it is used."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    end_session_endpoint: str = ""
    authorization_response_iss_parameter_supported: bool = False


class TokenAnswer(msgspec.Struct, frozen=True):
    """The token endpoint's answer, as far as it is used."""

    id_token: str


@dataclass(frozen=True, slots=True)
class RoomAccount:
    """Somebody whom the provider has signed in. `leave` is where a browser goes to be signed out there, "" for nowhere."""

    login: str
    shown: str
    role: OfficerRole
    leave: str


@dataclass(frozen=True, slots=True)
class _Begun:
    nonce: str
    verifier: str
    browser: str
    at_ms: int


class OidcClient:
    """One wall at one provider.

    Args:
        section: the settings.
        now_ms: UTC ms.
        is_login: whether a text has the form of a login here.
    """

    def __init__(self, section: OidcSection, *, now_ms: Callable[[], int], is_login: Callable[[str], bool]) -> None:
        self.section, self._now_ms, self._is_login = section, now_ms, is_login
        self._begun: dict[str, _Begun] = {}
        self._known: tuple[ProviderMetadata, KeySet, int] | None = None
        self.trouble = ""
        """Why nobody can sign in there now; "" as far as is known they can."""

    @property
    def redirect(self) -> str:
        """Where the provider sends browsers back to."""
        return f"{self.section.address.rstrip('/')}{BACK}"

    async def begin(self, *, again: bool = False) -> tuple[str, str]:
        """Begins a sign-in: where the browser goes, and what it must have kept when it comes back.

        Args:
            again: the provider is to ask for the password, whoever is signed in there.

        Raises:
            SignInRefusedError: the provider does not answer.
        """
        metadata, _ = await self._provider()
        state, browser = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
        begun = _Begun(secrets.token_urlsafe(24), secrets.token_urlsafe(48), browser, self._now_ms())
        while len(self._begun) >= _MOST_BEGUN:
            self._begun.pop(next(iter(self._begun)))
        self._begun[state] = begun
        challenge = base64.urlsafe_b64encode(hashlib.sha256(begun.verifier.encode()).digest()).rstrip(b"=").decode()
        asked = {
            "response_type": "code",
            "client_id": self.section.client_id,
            "redirect_uri": self.redirect,
            "scope": " ".join(self.section.scopes),
            "state": state,
            "nonce": begun.nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        } | ({"prompt": "login"} if again else {})
        sign = "&" if "?" in metadata.authorization_endpoint else "?"
        return f"{metadata.authorization_endpoint}{sign}{urlencode(asked)}", browser

    async def finish(self, answer: Mapping[str, str], browser: str) -> RoomAccount:
        """Takes the provider's answer, once.

        Args:
            answer: the query that the browser came back with.
            browser: what it kept.

        Raises:
            SignInRefusedError: it is no answer to what this browser began, the provider refuses it, or its token is not good.
        """
        begun = self._begun.pop(answer.get("state", ""), None)
        if begun is None or self._now_ms() - begun.at_ms > BEGUN_MS or not hmac.compare_digest(begun.browser, browser):
            raise SignInRefusedError("The sign-in was not begun here, or was used, or took too long: begin again.")
        metadata, keys = await self._provider()
        wanted = answer.get("iss", "" if metadata.authorization_response_iss_parameter_supported else metadata.issuer)
        if wanted != metadata.issuer:
            raise SignInRefusedError("The answer came from another provider.")
        if "code" not in answer:
            raise SignInRefusedError("The control room's provider did not sign you in.")
        token = await self._redeem(metadata, answer["code"], begun.verifier)
        return self._person(await self._claims(token, keys, begun.nonce), token, metadata)

    async def _redeem(self, metadata: ProviderMetadata, code: str, verifier: str) -> str:
        section = self.section
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect,
            "code_verifier": verifier,
        }
        secret = section.client_secret
        form |= {"client_id": section.client_id} if secret is None else {}
        login = None if secret is None else httpx.BasicAuth(section.client_id, secret.read_text("utf-8").strip())
        body = await self._fetch("POST", metadata.token_endpoint, data=form, auth=login)
        try:
            return msgspec.json.decode(body, type=TokenAnswer).id_token
        except msgspec.DecodeError as error:
            raise SignInRefusedError("The control room's provider gave no token.") from error

    async def _claims(self, token: str, keys: KeySet, nonce: str) -> dict[str, Any]:
        """The claims of an ID token that counts (OpenID Connect Core 3.1.3.7)."""
        try:
            try:
                found = jwt.decode(token, keys, algorithms=list(ALGORITHMS))
            except (JoseError, ValueError):  # the provider may have new keys: they are fetched once
                self._known = None
                _, keys = await self._provider()
                found = jwt.decode(token, keys, algorithms=list(ALGORITHMS))
            section, now = self.section, self._now_ms() // 1_000
            jwt.JWTClaimsRegistry(
                now=now,
                leeway=_LEEWAY_S,
                iss={"essential": True, "value": section.issuer},
                aud={"essential": True, "value": section.client_id},
                exp={"essential": True},
                iat={"essential": True},
                sub={"essential": True},
                nonce={"essential": True, "value": nonce},
            ).validate(found.claims)
        except (JoseError, ValueError) as error:
            raise SignInRefusedError(f"The provider's token is not good here ({error}).") from error
        claims = found.claims
        others = claims["aud"] not in (section.client_id, [section.client_id])
        if claims.get("azp", section.client_id) != section.client_id or (others and "azp" not in claims):
            raise SignInRefusedError("The provider's token is for another client.")
        if not isinstance(claims["iat"], int | float) or now - claims["iat"] > _FRESH_S:
            raise SignInRefusedError("The provider's token is too old: begin again.")
        return claims

    def _person(self, claims: Mapping[str, Any], token: str, metadata: ProviderMetadata) -> RoomAccount:
        section = self.section
        login = str(claims.get(section.login_claim, "")).strip().lower()
        if not self._is_login(login):
            raise SignInRefusedError(f"The provider's name for you ({login[:40]!r}) has not the form of a login here.")
        roles = {section.roles[value] for value in _values(claims, section.roles_claim) if value in section.roles}
        if not roles:
            raise SignInRefusedError("Your account has no role at this wall. Ask whoever administers the accounts.")
        role = next(one for one in _STRONGEST if one in roles)
        leave = {"id_token_hint": token, "client_id": section.client_id} | {
            "post_logout_redirect_uri": f"{section.address.rstrip('/')}/login"
        }
        end = metadata.end_session_endpoint
        shown = str(claims.get(section.shown_claim, "") or login)[:64]
        return RoomAccount(login, shown, role, f"{end}{'&' if '?' in end else '?'}{urlencode(leave)}" if end else "")

    async def _provider(self) -> tuple[ProviderMetadata, KeySet]:
        if self._known is not None and self._now_ms() - self._known[2] < _KNOWN_MS:
            return self._known[0], self._known[1]
        issuer = self.section.issuer
        try:
            body = await self._fetch("GET", f"{issuer.rstrip('/')}/.well-known/openid-configuration")
            metadata = msgspec.json.decode(body, type=ProviderMetadata)
            endpoints = (metadata.authorization_endpoint, metadata.token_endpoint, metadata.jwks_uri)
            if metadata.issuer != issuer or not all(map(safe, endpoints)):
                raise SignInRefusedError("The provider names itself otherwise than the settings, or is not on HTTPS.")
            keys = KeySet.import_key_set(msgspec.json.decode(await self._fetch("GET", metadata.jwks_uri)))
        except (msgspec.DecodeError, JoseError, ValueError, KeyError, TypeError) as error:
            if isinstance(error, SignInRefusedError):
                raise
            raise SignInRefusedError(f"The provider's own description cannot be read ({error}).") from error
        self._known = metadata, keys, self._now_ms()
        return metadata, keys

    async def _fetch(self, method: str, url: str, **asked: Any) -> bytes:
        authority = self.section.authority
        context = ssl.create_default_context(cafile=authority) if authority is not None else True
        try:
            async with httpx.AsyncClient(timeout=_TIMEOUT, verify=context, trust_env=False) as client:
                answer = await client.request(method, url, headers={"Accept": "application/json"}, **asked)
        except httpx.HTTPError as error:
            self.trouble = str(error) or type(error).__name__
            raise SignInRefusedError(AWAY) from error
        if answer.status_code >= 500:
            self.trouble = f"it answers {answer.status_code}"
            raise SignInRefusedError(AWAY)
        if answer.status_code != 200:
            raise SignInRefusedError("The control room's provider refuses this sign-in: begin again.")
        self.trouble = ""
        return answer.content


AWAY: Final = "The control room's provider does not answer. Log in here with an account of this wall."


def safe(address: str) -> bool:
    """Whether nobody on the way can read or change what goes there: HTTPS, or this machine."""
    parts = urlsplit(address)
    host = parts.hostname or ""
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host)))


def _values(claims: Mapping[str, Any], path: str) -> Iterable[str]:
    """What a claim holds; `a.b` is claim b within claim a, one text is a list of one."""
    found: Any = claims
    for name in path.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    if isinstance(found, str):
        return (found,)
    return tuple(one for one in found if isinstance(one, str)) if isinstance(found, list) else ()
