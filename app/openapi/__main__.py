"""`python -m app.openapi`: write the description anew."""

import json

from app.openapi import FILE, paths, with_dialects

description = paths.build()
with_dialects(description)
text = json.dumps(description, indent=1, ensure_ascii=False)
FILE.write_text(text + "\n", encoding="utf-8")
