"""A text in both languages."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Text:
    """Chinese first, English second; calling it with a language gives that one."""

    zh: str
    en: str

    def __call__(self, language: str = "zh") -> str:
        return self.en if language == "en" else self.zh
