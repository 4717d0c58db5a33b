"""A sentence in both languages."""

from typing import NamedTuple


class Text(NamedTuple):
    zh: str
    en: str

    def __call__(self, lang: str) -> str:
        """The sentence in `lang`: anything that starts with "en" is English, all else Chinese."""
        return self.en if lang.startswith("en") else self.zh
