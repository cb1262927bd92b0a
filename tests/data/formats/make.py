#!/usr/bin/env python3
"""Makes the fixtures of the annotation formats anew: inputs, and beside them what must be read from them.

    python tests/data/formats/make.py [FORMAT ...]

Needs Pillow. See fixture.py.
"""

import importlib.util
import sys
from pathlib import Path

HERE = Path(__file__).parent

if __name__ == "__main__":
    wanted = sys.argv[1:] or sorted(path.parent.name for path in HERE.glob("*/make.py"))
    for name in wanted:
        specification = importlib.util.spec_from_file_location(f"make_{name}", HERE / name / "make.py")
        assert specification is not None
        assert specification.loader is not None
        module = importlib.util.module_from_spec(specification)
        specification.loader.exec_module(module)
        module.make()
