"""Google's token endpoint, and the two kinds of keys that it takes.

Sources: RFC 7523 (a service account's grant), RFC 7515 (RS256), RFC 6749 (a user's refresh token),
and Google's "Using OAuth 2.0 for server to server applications" (claims, lifetimes, error texts).
"""

from __future__ import annotations

import base64
import binascii
import json
import secrets
import time
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

ENDPOINT = "https://oauth2.googleapis.com/token"
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
USER = {
    "client_id": "104857600000-data.apps.googleusercontent.com",
    "client_secret": "GOCSPX-of-nobody",
    "refresh_token": "1//0g-of-nobody",
}
"""A person who let an application use their Drive, as `gcloud` writes it down."""
SKEW_S = 300
LONGEST_S = 3600


class InvalidGrant(Exception):
    """An error answer of the endpoint: `error` and `error_description`."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(f"{error}: {description}")
        self.body = {"error": error, "error_description": description}


class ServiceAccount:
    """An account with one key."""

    def __init__(self) -> None:
        self.email = "data@shop-search.iam.gserviceaccount.com"
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.key_id = secrets.token_hex(20)

    def key_file(self) -> dict[str, str]:
        """The JSON key, with the fields and the PEM (PKCS 8) of a downloaded one."""
        pem = self._key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        name = self.email.replace("@", "%40")
        certificates = "https://www.googleapis.com/robot/v1/metadata/x509"
        return {
            "type": "service_account",
            "project_id": "shop-search",
            "private_key_id": self.key_id,
            "private_key": pem.decode(),
            "client_email": self.email,
            "client_id": "104857600000000000000",
            "auth_uri": "https://accounts.google.com/o/oauth2/auth",
            "token_uri": ENDPOINT,
            "auth_provider_x509_cert_url": "https://www.googleapis.com/oauth2/v1/certs",
            "client_x509_cert_url": f"{certificates}/{name}",
            "universe_domain": "googleapis.com",
        }

    def signed(self, signature: bytes, message: bytes) -> bool:
        try:
            self._key.public_key().verify(signature, message, padding.PKCS1v15(), hashes.SHA256())
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True)
class Token:
    """An access token: its end, its scopes, and whether a person's storage is used."""

    expires: float
    scopes: set[str]
    user: bool


class TokenEndpoint:
    """Issues access tokens and knows which of them are valid."""

    def __init__(self, account: ServiceAccount, scopes: set[str]) -> None:
        self._account = account
        self._scopes = scopes
        self._issued: dict[str, Token] = {}

    def grant(self, form: dict[str, list[str]]) -> dict[str, Any]:
        """The answer to a token request. Raises InvalidGrant."""
        if any(len(values) != 1 for values in form.values()):
            raise InvalidGrant("invalid_request", f"Repeated parameters: {sorted(form)}")
        fields = {name: values[0] for name, values in form.items()}
        kind = fields.pop("grant_type", "")
        if kind == GRANT and set(fields) == {"assertion"}:
            user, scopes = False, self._verified(fields["assertion"])
        elif kind == "refresh_token" and set(fields) == {*USER, "scope"}:
            user, scopes = True, self._known(set(fields.pop("scope").split()))
            if fields != USER:
                raise InvalidGrant("invalid_grant", "Token has been expired or revoked.")
        else:
            raise InvalidGrant("invalid_request", f"Unexpected parameters: {sorted(form)}")
        token = f"ya29.{secrets.token_urlsafe(48)}"
        self._issued[token] = Token(time.time() + LONGEST_S, scopes, user)
        return {"access_token": token, "expires_in": LONGEST_S - 1, "token_type": "Bearer"}

    def bearer(self, authorization: str | None) -> Token | None:
        """The token of an Authorization header; None without a valid one."""
        kind, _, value = (authorization or "").partition(" ")
        token = self._issued.get(value)
        return token if token and kind == "Bearer" and token.expires > time.time() else None

    def expire(self) -> None:
        """Make every token invalid."""
        self._issued.clear()

    def _verified(self, assertion: str) -> set[str]:
        try:
            header_64, claims_64, signature_64 = assertion.split(".")
            header, claims = json.loads(_decoded(header_64)), json.loads(_decoded(claims_64))
            signature = _decoded(signature_64)
        except (ValueError, binascii.Error) as error:
            raise InvalidGrant("invalid_grant", "Invalid JWT: not three parts") from error
        if not {"alg": "RS256", "typ": "JWT"}.items() <= header.items():
            raise InvalidGrant("invalid_grant", f"Invalid JWT header: {header}")
        if set(header) - {"alg", "typ", "kid"} or header.get("kid") != self._account.key_id:
            raise InvalidGrant("invalid_grant", "Invalid JWT Signature: unknown key")
        if not self._account.signed(signature, f"{header_64}.{claims_64}".encode()):
            raise InvalidGrant("invalid_grant", "Invalid JWT Signature.")
        if set(claims) != {"iss", "scope", "aud", "iat", "exp"}:
            raise InvalidGrant("invalid_grant", f"Unexpected claims: {sorted(claims)}")
        if claims["iss"] != self._account.email:
            raise InvalidGrant("invalid_grant", "Invalid grant: account not found")
        if claims["aud"] != ENDPOINT:
            raise InvalidGrant("invalid_grant", f"Invalid JWT: wrong audience {claims['aud']}")
        self._in_time(claims["iat"], claims["exp"])
        return self._known(set(claims["scope"].split()))

    def _known(self, scopes: set[str]) -> set[str]:
        if not scopes or scopes - self._scopes:
            raise InvalidGrant("invalid_scope", f"{scopes - self._scopes} is no scope of this API")
        return scopes

    def _in_time(self, issued: object, expires: object) -> None:
        now = time.time()
        if not isinstance(issued, int) or not isinstance(expires, int):
            raise InvalidGrant("invalid_grant", "Invalid JWT: times are whole seconds")
        soon, short = issued <= now + SKEW_S, issued < expires <= issued + LONGEST_S
        if not (soon and short and expires > now):
            raise InvalidGrant(
                "invalid_grant",
                "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable "
                "timeframe. Check your iat and exp values in the JWT claim.",
            )


def _decoded(part: str) -> bytes:
    """URL-safe Base64 without its padding (RFC 7515). Raises ValueError."""
    if "=" in part:
        raise ValueError(part)
    return base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
