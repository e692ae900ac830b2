"""`python -m app.openapi`: write the description anew."""

import json

from app.openapi import FILE, paths

text = json.dumps(paths.build(), indent=1, ensure_ascii=False)
FILE.write_text(text + "\n", encoding="utf-8")
