"""Other readings of a text: what a model would read where a matcher sees noise.

Each reading knows where its characters came from, so that a value found in it can be cut out of the original.
"""

from dlp_recognizers.views.escapes import unescaped
from dlp_recognizers.views.folding import folded
from dlp_recognizers.views.reading import TooManyReadings, readings
from dlp_recognizers.views.view import Inside, Reading, View

__all__ = ["Inside", "Reading", "TooManyReadings", "View", "folded", "readings", "unescaped"]
