"""The names that Azure OpenAI allows, in settings and in requests."""

import re

DEPLOYMENT = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._-]{1,64}")
"""Neither `.` nor `..`, which a URL's path would lose."""

V1 = "/openai/v1"
"""The end of an endpoint of the v1 API, which has no other versions."""

API_VERSION = re.compile(r"[A-Za-z0-9.-]{1,64}")
