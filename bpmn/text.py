"""A text in both languages."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Text:
    """Chinese first, English second; calling it with a language gives that one."""

    zh: str
    en: str

    def __call__(self, language: str = "zh") -> str:
        return self.en if language.startswith("en") else self.zh

    def fill(self, values: Mapping[str, object]) -> "Text":
        """Both languages with their `{placeholders}` filled; a missing value raises KeyError."""
        return Text(self.zh.format_map(values), self.en.format_map(values))
