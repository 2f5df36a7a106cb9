"""The pictures of docs/review.md, taken of the page in Chromium.

    digitbatch run samples/pages --out /tmp/results.csv
    python -m benchmarks.review_pictures /tmp/results.csv docs/images

Needs chromium, chromedriver and selenium. Nothing is verified.
"""

import argparse
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

import cv2
import numpy as np

WAITS_S: Final = 4.0
COLOURS: Final = 64  # of a palette: the pictures are small, and nobody sees a difference


def main() -> None:
    """Start the review, look at it in two modes, and write what is seen."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", type=Path)
    parser.add_argument("folder", type=Path)
    given = parser.parse_args()
    command = [sys.executable, "-m", "digitbatch", "review", str(given.results)]
    with subprocess.Popen(  # noqa: S603 - our own command
        [*command, "--no-browser", "--as", "ann"], stdout=subprocess.PIPE, text=True
    ) as server:
        try:
            address = server.stdout.readline().strip() if server.stdout else ""
            _take(address, given.folder)
        finally:
            server.terminate()


def _take(address: str, folder: Path) -> None:
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or ""
    for option in ("headless=new", "no-sandbox", "window-size=1280,860"):
        options.add_argument(f"--{option}")
    driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver") or ""))
    try:
        driver.get(address)
        time.sleep(WAITS_S)
        _write(driver.get_screenshot_as_png(), folder / "review-fields.png")
        driver.switch_to.active_element.send_keys("d")
        time.sleep(WAITS_S)
        _write(driver.get_screenshot_as_png(), folder / "review-digits.png")
    finally:
        driver.quit()


def _write(screenshot: bytes, file: Path) -> None:
    from PIL import Image

    pixels = cv2.imdecode(np.frombuffer(screenshot, np.uint8), cv2.IMREAD_COLOR_RGB)
    Image.fromarray(np.asarray(pixels, np.uint8)).quantize(COLOURS).save(file, optimize=True)


if __name__ == "__main__":
    main()
