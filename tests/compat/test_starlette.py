"""Each patch of `compat` is still needed."""

import subprocess
import sys

from tests.support.app_process import ROOT


def test_starlettes_paths_do_not_match_a_line_end_by_themselves() -> None:
    code = (
        "import re; from starlette.convertors import PathConvertor; "
        "print(re.fullmatch(PathConvertor.regex, 'a\\nb'))"
    )
    asked = [sys.executable, "-c", code]
    found = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=True)
    assert found.stdout == "None\n", "compat.match_line_ends_in_paths is not needed now"
