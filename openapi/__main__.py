"""`python -m openapi`: write the description anew."""

import json

import openapi

text = json.dumps(openapi.build(), indent=1, ensure_ascii=False)
openapi.FILE.write_text(text + "\n", encoding="utf-8")
