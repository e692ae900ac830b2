"""What every answer tells a browser: that it is what it says it is, and no page."""

from collections.abc import Mapping

SAFE: Mapping[str, str] = {"x-content-type-options": "nosniff"}

# See: https://owasp.org/www-project-secure-headers/
JSON: Mapping[str, str] = {
    "content-type": "application/json",
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    **SAFE,
}
