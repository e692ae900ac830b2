"""What Azure OpenAI may call things, in settings and in what callers ask for."""

import re

DEPLOYMENT = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._-]{1,64}")
"""Neither `.` nor `..`, which are no names in a path."""

API_VERSION = re.compile(r"[A-Za-z0-9.-]{1,64}")
