"""Take the README's pictures anew from the demo's report: `python docs/screenshots.py`.

Needs the extra `test`, a Chromium (its path in HEEDMAP_CHROMIUM, or on the PATH), and the result of
`make demo`.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from playwright.sync_api import sync_playwright

DOCS = Path(__file__).parent
REPORT = DOCS.parent / "heedmap-demo" / "report.html"
CHAPTER = "#policy-7"
"""Of a policy that follows, so that every kind of picture is there."""


def main() -> None:
    """Write both pictures."""
    found = os.environ.get("HEEDMAP_CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1440, "height": 1110})
        page.goto(REPORT.as_uri())
        page.screenshot(path=DOCS / "report.png")
        page.set_viewport_size({"width": 1440, "height": 3000})  # all of the chapter in view
        page.goto(f"{REPORT.as_uri()}{CHAPTER}")
        page.locator(CHAPTER).screenshot(path=DOCS / "report-pictures.png")
        browser.close()


if __name__ == "__main__":
    main()
