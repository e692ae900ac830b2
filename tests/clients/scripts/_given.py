"""What the test gives, as JSON in the only argument; and what is told of it."""

import json
import sys
from typing import Any

given: dict[str, Any] = json.loads(sys.argv[1])
"""`url`, the address of OpenAI's API, and `model`."""


def tell(**result: object) -> None:
    print(json.dumps(result))
