"""Writes local.settings.json from what `azd` has provisioned: from the environment.

Only Python's own library is needed. What the file says otherwise stays as it is.
"""

import json
import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FILE = ROOT / "local.settings.json"
EXAMPLE = ROOT / "local.settings.json.example"

NAMES = (
    "AZURE_OPENAI_ENDPOINT",
    "AZURE_OPENAI_DEPLOYMENT",
    "AZURE_OPENAI_BACKENDS",
    "AZURE_EVENTHUB_NAMESPACE",
    "AZURE_EVENTHUB_NAME",
)
"""Outputs of main.bicep that are settings. A run here keeps its store to itself."""


def main() -> None:
    source = FILE if FILE.exists() else EXAMPLE
    settings = json.loads(source.read_text("utf-8"))
    given = {name: os.environ.get(name, "") for name in NAMES}
    settings["Values"].update(given)
    FILE.write_text(json.dumps(settings, indent=2) + "\n", "utf-8")
    print(f"Wrote {FILE.name}: " + ", ".join(filter(given.get, given)))


if __name__ == "__main__":
    main()
