"""The keys that signatures are checked with.

Invariant: a ring that demands signatures has at least one key. A ring does not change; a rotation puts another in its place.
"""

from dataclasses import dataclass, field

from logos_pxl_engine import SignatureKeys
from pydantic import SecretStr

from logos_pxl.errors import ConfigurationError
from logos_pxl.observing import HmacKey
from logos_pxl.service_settings import ServiceSettings
from logos_pxl.wire.signing import key_of_hex


@dataclass(frozen=True, slots=True)
class KeyRing:
    """Keys and their names, in the same order."""

    _names: tuple[HmacKey, ...]
    _keys: SignatureKeys = field(repr=False)

    @classmethod
    def of(cls, settings: ServiceSettings) -> "KeyRing":
        """The keys that ``settings`` names. Raises ConfigurationError when signatures are demanded and there is none."""
        given: tuple[tuple[HmacKey, SecretStr | None], ...] = (
            ("current", settings.hmac_key),
            ("new", settings.hmac_key_new),
            ("old", settings.hmac_key_old),
        )
        keys = {name: key_of_hex(secret.get_secret_value()) for name, secret in given if secret is not None}
        if settings.hmac_auth_enabled and not keys:
            raise ConfigurationError(
                "HMAC_SECRET_KEY is not set, and ENABLE_HMAC_AUTH=true demands signatures; give at least 64 hexadecimal digits (256 bits), "
                "such as 'openssl rand -hex 32' prints, or set ENABLE_HMAC_AUTH=false"
            )
        return cls(tuple(keys), SignatureKeys(list(keys.values())))

    def key_of(self, method: str, target: bytes, timestamp: bytes, nonce: bytes, body: bytes, *, signature: bytes) -> HmacKey | None:
        """The name of the key that ``signature`` was made with; every key is tried, also after one that fits.

        Raises ValueError for a part that cannot be signed.
        """
        found = self._keys.key_of(method, target, timestamp, nonce, body, signature)
        return None if found is None else self._names[found]

    def names(self) -> str:
        """For people."""
        return ", ".join(self._names) or "none"
