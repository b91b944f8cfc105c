"""Text in both languages at once: the page shows one of them and can be switched."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from markupsafe import Markup

from heedmap.ladder.messages import Language, Value, say, spoken


@dataclass(frozen=True)
class Bilingual:
    """The same said in English and in Korean; both are text, never markup."""

    en: str
    ko: str

    def of(self, language: Language) -> str:
        """In one language."""
        return self.en if language == "en" else self.ko

    @property
    def spoken(self) -> str:
        """In the terminal's."""
        return self.of(spoken())

    def __html__(self) -> Markup:
        """Escaped; a template may print it as it is."""
        if self.en == self.ko:
            return Markup("{}").format(self.en)
        english = Markup('<span class="en" lang="en">{}</span>').format(self.en)
        return english + Markup('<span class="ko" lang="ko">{}</span>').format(self.ko)


def both(text_in: Callable[[Language], str]) -> Bilingual:
    """What a function says in each language."""
    return Bilingual(text_in("en"), text_in("ko"))


def phrase(key: str, **details: Value) -> Bilingual:
    """A text of the report with its details filled in."""
    return both(lambda language: say(key, language, **details))


def plain(text: str) -> Bilingual:
    """The same in both languages: names, and text of the user's own."""
    return Bilingual(text, text)
