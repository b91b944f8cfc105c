"""What the templates of all pages share; needs nothing that draws."""

from __future__ import annotations

import re

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from heedmap.ladder.messages import LANGUAGES, say
from heedmap.report.figures.colors import css_class
from heedmap.report.page.bilingual import Bilingual, both, phrase, plain
from heedmap.report.wording import percent, region_name


def environment() -> Environment:
    """What the templates of all pages share."""
    made = Environment(
        loader=PackageLoader("heedmap.report.page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals["say"] = phrase
    made.globals["in_both"] = lambda key: {of: say(key, of) for of in LANGUAGES}
    made.globals["tone"] = {True: "good", False: "bad", None: "open"}.get
    made.filters["percent"] = percent
    made.filters["region"] = lambda region: both(lambda of: region_name(region, of))
    made.filters["name"] = _name
    made.filters["css"] = css_class
    made.filters["code"] = _with_code
    made.filters["css_text"] = css_text
    made.filters["said"] = phrase
    made.filters["plain"] = plain
    return made


def _name(text: str) -> Markup:
    """A name from outside: escaped, kept from turning its neighbours' direction, breakable."""
    broken = Markup(str(escape(text)).replace("_", "_<wbr>").replace("@", "<wbr>@"))
    return Markup("<bdi>{}</bdi>").format(broken)


def css_text(text: str) -> Markup:
    """As a string of a style sheet: no letter but those of words ends or escapes anything."""
    safe = (c if c.isalnum() or c in " -,:" else f"\\{ord(c):x} " for c in text)
    return Markup('"' + "".join(safe) + '"')


def _with_code(text: Bilingual) -> Markup:
    """Words of the report itself, with `commands` in backticks."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(text.__html__())))
