"""Cases of report_test.py for what the page saves: every cell of a picture and every number of a table against the arrays."""

import base64
import csv
import io
import json
import math
import os
import pathlib
import re
import tempfile
import time
import xml.etree.ElementTree as xml

import arrays

SVG = "{http://www.w3.org/2000/svg}"
cases = []


def case(function):
    cases.append(function)
    return function


def save(browser, folder, button, name):
    """Presses a button of the dialog and gives the bytes of the file."""
    path = pathlib.Path(folder) / name
    browser.run("[...document.querySelectorAll('#save-dialog button')].find((b) => b.textContent === arguments[0]).click()", button)
    end = time.monotonic() + 20
    while not path.exists():
        assert time.monotonic() < end, (name, os.listdir(folder))
        time.sleep(0.05)
    return path.read_bytes()


def opened(browser, pages, page, link):
    folder = tempfile.mkdtemp(dir=pages.folder)
    browser.devtools("Browser.setDownloadBehavior", behavior="allow", downloadPath=folder)
    browser.open(page, link)
    browser.press("e")
    return folder


class Colors:
    """What colours a weight may have: those of all that lies in the interval which the page states, and a rounding."""

    def __init__(self, browser, rows, exact):
        """rows: the weights of a head. On the square root scale, from 0 to the largest."""
        meta = json.loads(browser.text("#meta"))
        packed = base64.b64decode(next(one for one in meta["maps"] if one["name"] == "viridis")["colors"])
        self.table = [tuple(packed[3 * i:3 * i + 3]) for i in range(256)]
        self.largest = max(map(max, rows))
        self.rows, self.exact = rows, exact

    def of(self, query, key):
        weight, most = self.rows[query][key], max(self.rows[query])
        low = high = weight
        if not self.exact:
            code = max(1, round(255 * math.sqrt(weight / most)))
            low = 0 if code == 1 else most * ((code - 0.5) / 255) ** 2
            high = min(most, most * ((code + 0.5) / 255) ** 2)
        first, last = (255 * math.sqrt(bound / self.largest) for bound in (low, high))
        return self.table[max(0, math.floor(first)):min(255, math.ceil(last)) + 1]

    def check(self, what, color, query, key):
        """Nobody may attend to keys behind the query: stripes, which are as bright as paper."""
        if key > query:
            assert min(color) > 190, (what, query, key, color)
        else:
            assert any(max(abs(a - b) for a, b in zip(color, one)) <= 1 for one in self.of(query, key)), (what, query, key, color)


def check_picture(png, factor, count, colors):
    """The plot ends 8 pixels above the end; in its last row all is coloured, on paper that is white."""
    bottom = png.height - 8 * factor
    colored = [min(png[x, bottom - 3][:3]) < 250 for x in range(png.width)]
    runs = [(len(run.group()), run.start()) for run in re.finditer("1+", "".join("01"[one] for one in colored))]
    length, start = max(runs)
    side, left = length - 2 * factor, start + factor  # its frame is a pixel wide
    for query in range(count):
        for key in range(count):
            x, y = left + (key + 0.5) * side / count, bottom - side + (query + 0.5) * side / count
            colors.check(f"{factor}x", png[int(x), int(y)][:3], query, key)


@case
def saved_pictures_have_the_colours_of_exact_weights(browser, pages):
    page = pages.get("sample")
    weights = arrays.Npy(page.parent / "sample/layer01/weights.npy")
    place = (0,) * (len(weights.shape) - 3) + (1,)
    folder = opened(browser, pages, page, "#layer=1&head=1&scale=sqrt")
    colors = Colors(browser, [[weights[place + (query, key)] for key in range(49)] for query in range(49)], exact=True)
    for factor, button, name in ((1, "PNG", ".png"), (2, "PNG 2x", "@2x.png")):
        check_picture(arrays.Png(save(browser, folder, button, "layer01-head01" + name)), factor, 49, colors)
    drawn = xml.fromstring(save(browser, folder, "SVG", "layer01-head01.svg"))
    cells = drawn.find(f"{SVG}g").findall(f"{SVG}rect")
    assert len(cells) == 49 * 49, len(cells)
    for i, cell in enumerate(cells):
        query, key = divmod(i, 49)
        if key > query:
            assert cell.get("fill") == "url(#nobody)", (query, key, cell.attrib)
        else:
            colors.check("SVG", tuple(map(int, re.findall(r"\d+", cell.get("fill")))), query, key)
        assert (float(cell.get("x")), float(cell.get("y"))) >= (float(cells[0].get("x")), float(cells[0].get("y")))
    lefts, tops = [float(cell.get("x")) for cell in cells[:49]], [float(cell.get("y")) for cell in cells[::49]]
    assert lefts == sorted(set(lefts)) and tops == sorted(set(tops)), (lefts, tops)


@case
def saved_pictures_have_the_colours_of_weights_within_their_intervals(browser, pages):
    page = pages.get("compact")
    weights = arrays.Npy(page.parent / "compact.npy")
    folder = opened(browser, pages, page, "#layer=3&head=2&scale=sqrt")
    colors = Colors(browser, [[weights[3, 2, query, key] for key in range(128)] for query in range(128)], exact=False)
    for factor, button, name in ((1, "PNG", ".png"), (2, "PNG 2x", "@2x.png")):
        check_picture(arrays.Png(save(browser, folder, button, "layer03-head02" + name)), factor, 128, colors)
    drawn = xml.fromstring(save(browser, folder, "SVG", "layer03-head02.svg"))
    address = drawn.find(f"{SVG}svg/{SVG}image").get("href")
    picture = arrays.Png(base64.b64decode(address.split(",")[1]))
    assert (picture.width, picture.height) == (128, 128), (picture.width, picture.height)
    for query in range(128):
        for key in range(128):
            *color, alpha = picture[key, query]
            assert alpha == (255 if key <= query else 0), (query, key, alpha)
            if alpha:
                colors.check("SVG", color, query, key)


@case
def the_saved_table_has_every_number_of_stats(browser, pages):
    folder = opened(browser, pages, pages.get("sample"), "#layer=1&head=1")
    rows = list(csv.DictReader(io.StringIO(save(browser, folder, "Table as CSV", "measures.csv").decode())))
    stats = json.loads(pages.command("stats", "sample", "--json"))["heads"]
    assert len(rows) == len(stats) == 8, (len(rows), len(stats))
    compared = 0
    for row, one in zip(rows, stats):
        assert (int(row["layer"]), int(row["head"])) == (one["layer"], one["head"]), (row, one)
        for name, text in row.items():
            if name not in one:
                assert name == "types", name
                continue
            assert one[name] is not None if text else one[name] is None, (name, text, one[name])
            assert not text or abs(float(text) - one[name]) <= 1e-6 * max(1, abs(one[name])), (name, text, one[name])
            compared += bool(text)
    assert compared > 8 * 12, compared
