"""Builds the native plane beside the Python packages, where cargo is there.

Without it, or when it fails, gtm is installed all the same and runs the python plane;
GTM_REQUIRE_NATIVE=1 makes that an error. pyproject.toml has everything else.
"""

from __future__ import annotations

import os
from pathlib import Path

from setuptools import setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools_rust import Binding, RustExtension, Strip

NATIVE = "gtm._native"


class Wheel(bdist_wheel):
    """A wheel that says it is for this platform only if the native plane is in it."""

    def run(self) -> None:
        """Builds first, to see what came of it."""
        if not self.skip_build:
            self.run_command("build")
        built = Path(self.get_finalized_command("build").build_lib, *NATIVE.split(".")[:-1])
        if not any(built.glob("_native.*so")):
            self.distribution.rust_extensions = []
            self.distribution.has_ext_modules = lambda: False
            self.root_is_pure = True
        super().run()


setup(
    cmdclass={"bdist_wheel": Wheel},
    rust_extensions=[
        RustExtension(
            NATIVE,
            path="native/glue/Cargo.toml",
            binding=Binding.PyO3,
            args=["--locked"],
            rust_version=">=1.88",
            debug=False,  # else an editable install, which is what scripts/ make, would be slow
            strip=Strip.No,
            optional=os.environ.get("GTM_REQUIRE_NATIVE") != "1",
        )
    ],
)
