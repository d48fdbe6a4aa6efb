"""Why a client gets the answer it gets, from the compiled snapshot that the server answers from."""

from gtm.explain.explain import explain
from gtm.explain.explanation import Explanation, RegionView, Steering

__all__ = ["Explanation", "RegionView", "Steering", "explain"]
