#!/usr/bin/env python3
"""The page of `report` in a real browser: every view, numbers against the arrays, keys, links, files, themes.

usage: report_test.py BINARY [NAME ...]      NAME: only cases with this in their name
Exit code 77 where Chromium or its driver is missing. Standard library only.
"""

import array
import base64
import csv
import io
import json
import math
import os
import pathlib
import re
import struct
import subprocess
import sys
import tempfile
import time
import traceback
import xml.etree.ElementTree as xml
import zlib

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import arrays  # noqa: E402
import by_hand  # noqa: E402
import saved_files  # noqa: E402
import webdriver  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
HOSTILE = ["</script><img src=x onerror=\"document.title='run'\">", "<!--<script>", "\x00", "a\u202eb", "\u2028", "\U0001f600",
           "x" * 300, "<b>bold</b>", "\"'&<>", "]]>", "=1+1", "{{7*7}}"]
FROZEN = 2000  # milliseconds that no task takes even on a machine that has other work

cases = []


def case(function):
    cases.append(function)
    return function


class Pages:
    """Pages made on demand, each once."""

    def __init__(self, binary, folder):
        self.binary, self.folder, self.made = binary, pathlib.Path(folder), {}

    def command(self, *arguments):
        done = subprocess.run([self.binary, *map(str, arguments)], capture_output=True, text=True, cwd=self.folder)
        assert done.returncode == 0, f"{arguments}: {done.stderr}"
        return done.stdout

    def get(self, name):
        if name not in self.made:
            self.made[name] = getattr(self, name)()
        return self.made[name]

    def report(self, name, *arguments):
        self.command("report", *arguments, "-o", f"{name}.html")
        return self.folder / f"{name}.html"

    def sample(self):
        self.command("run", "-w", ROOT / "data/induction/model.json", "-o", "sample", "--save", "weights", "--quiet")
        return self.report("page-sample", "sample")

    def compact(self):
        arrays.attention(self.folder / "compact.npy", 12, 12, 128)
        words = [f" word{i % 50}" for i in range(128)]
        (self.folder / "words.json").write_text(json.dumps(words))
        return self.report("page-compact", "compact.npy", "--tokens", "words.json")

    def pooled(self):
        self.get("compact")
        return self.report("page-pooled", "compact.npy", "--budget", "1400K")

    def compared(self):
        arrays.attention(self.folder / "a.npy", 2, 4, 24, seed=1)
        arrays.attention(self.folder / "b.npy", 2, 4, 24, seed=2)
        (self.folder / "hostile.json").write_text(json.dumps((HOSTILE * 2)[:24]))
        return self.report("page-compared", "a.npy", "--against", "b.npy", "--tokens", "hostile.json")

    def compared_compact(self):
        self.get("compared")
        return self.report("page-compared-compact", "a.npy", "--against", "b.npy", "--values", "compact", "--top", 2)

    def patches(self):
        arrays.attention(self.folder / "patches.npy", 1, 6, 17, causal=False, seed=3)
        arrays.save_png(self.folder / "picture.png", 64, 48)
        return self.report("page-patches", "patches.npy", "--grid", "4x4+1", "--image", "picture.png")

    def batch(self):
        values = b"".join(arrays.head(6, kind, seed, causal=False) for seed, kind in enumerate(("", "previous", "first") * 4))
        arrays.save_npy(self.folder / "batch.npy", (2, 3, 2, 6, 6), values)
        return self.report("page-batch", "batch.npy", "--axes", "layers,batch,heads,q,k")

    def cross(self):
        rows = [arrays.head(40, "", seed, causal=False)[:7 * 40 * 4] for seed in range(3)]
        arrays.save_npy(self.folder / "cross.npy", (3, 7, 40), b"".join(rows))
        return self.report("page-cross", "cross.npy")

    def strange(self):
        """Raw scores, NaN, an infinite one."""
        values = [(-1) ** i * i / 9 for i in range(64)]
        values[10], values[20] = math.nan, math.inf
        arrays.save_npy(self.folder / "strange.npy", (1, 8, 8), values)
        return self.report("page-strange", "strange.npy")

    def embedded(self):
        return self.report("page-embedded", "-w", ROOT / "data/induction/model.json")

    def embedded_compared(self):
        self.get("sample")
        return self.report("page-embedded-compared", "-w", ROOT / "data/induction/model.json", "--against", "sample")

    def gpt2(self):
        """A layer of GPT-2, where the reference cases are."""
        folder = pathlib.Path(os.environ.get("ATTN_CASES_DIR") or ROOT.parent / "shared/cases") / "real-attention"
        if not folder.is_dir():
            return None
        return self.report("page-gpt2", folder / "gpt2-small-layer5.npy", "--tokens", folder / "gpt2-small-layer5.tokens.json")

    def llama(self):
        folder = pathlib.Path(os.environ.get("ATTN_CASES_DIR") or ROOT.parent / "shared/cases") / "real-attention"
        return self.report("page-llama", folder / "llama-7b-layer0.npy", "--tokens", folder / "llama-7b-layer0.tokens.json") \
            if folder.is_dir() else None

    def long(self):
        """131,072 tokens of which each attends to itself and the seven before it."""
        arrays.save_npy(self.folder / "long.npy", (1, 131072, 1), array.array("f", [0.5] * 131072).tobytes())
        return self.report("page-long", "--query", "long.npy", "--key", "long.npy", "--value", "long.npy", "--causal", "--window", "7,0",
                           "--no-check")

    def leaky_heads(self):
        """Three of six heads see a key that they may not."""
        values = [1.0 if key == query else 0.0 for _ in range(6) for query in range(5) for key in range(5)]
        for head in (1, 3, 5):
            values[head * 25 + 1 * 5 + 4] = 0.25
        arrays.save_npy(self.folder / "leaky_heads.npy", (2, 3, 5, 5), values)
        return self.report("page-leaky-heads", "leaky_heads.npy", "--causal", "--axes", "layers,heads,q,k")

    def leaky(self):
        values = [1 / 6] * 36
        arrays.save_npy(self.folder / "leaky.npy", (6, 6), values)
        return self.report("page-leaky", "leaky.npy", "--causal")


def number(text):
    """(low, value, high) of what the page says about a weight."""
    about = re.search(r"\u2248 (\S+) \((\S+) \u2026 (\S+)\)", text)
    if about:
        return float(about[2]), float(about[1]), float(about[3])
    if "nobody may attend" in text:
        return 0.0, 0.0, 0.0
    value = float(re.search(r": (?:largest [^:]*: )?(\S+) \(exact\)", text)[1])
    return value, value, value


def show(browser, link, wanted):
    """Follows a link and gives the read-out, once it is about the place."""
    browser.run("document.getElementById('readout').textContent = ''; location.hash = arguments[0]", link)
    return browser.wait("const text = document.getElementById('readout').textContent;"
                        "return document.body.dataset.ready && arguments[0].every((part) => text.includes(part)) ? text : ''", wanted)


def close_to(value, text):
    low, middle, high = number(text)
    slack = 2e-6 * max(abs(value), 1e-30)
    assert low - slack <= value <= high + slack and low <= middle <= high, f"{value} and {text}"


@case
def the_sample_opens_and_says_its_numbers(browser, pages):
    page = pages.get("sample")
    browser.open(page)
    assert browser.text("#facts").startswith("2 layers x 4 heads"), browser.text("#facts")
    weights = arrays.Npy(page.parent / "sample/layer01/weights.npy")
    place = (0,) * (len(weights.shape) - 3)
    for query, key, head in ((0, 0, 0), (27, 4, 1), (48, 1, 2), (3, 40, 3)):
        text = show(browser, f"#layer=1&head={head}&query={query}&key={key}", [f"query {query} ", f"key {key} "])
        browser.wait("return document.getElementById('matrix-title').textContent === arguments[0]", f"layer 1 head {head}")
        close_to(weights[place + (head, query, key)], text)


@case
def compact_weights_lie_within_the_interval_that_is_shown(browser, pages):
    page = pages.get("compact")
    weights = arrays.Npy(page.parent / "compact.npy")
    browser.open(page, "#layer=3&head=2")
    for i in range(10):
        layer, head, query, key = 3, (5 * i) % 12, 100 + i, (17 * i) % 100
        text = show(browser, f"#layer={layer}&head={head}&query={query}&key={key}", [f"query {query} ", f"key {key} "])
        close_to(weights[layer, head, query, key], text)


@case
def pixels_have_the_colours_of_the_map(browser, pages):
    browser.open(pages.get("sample"), "#layer=1&head=1&scale=sqrt")
    weights = arrays.Npy(pages.get("sample").parent / "sample/layer01/weights.npy")
    place = (0,) * (len(weights.shape) - 3) + (1,)
    meta = json.loads(browser.text("#meta"))
    colors = base64.b64decode(next(one for one in meta["maps"] if one["name"] == "viridis")["colors"])
    largest = max(weights[place + (q, k)] for q in range(49) for k in range(49))
    for query, key in ((27, 4), (10, 3), (40, 20), (48, 48)):
        pixel = browser.run(PIXEL, query, key, 49)
        part = math.sqrt(weights[place + (query, key)] / largest)
        options = [tuple(colors[3 * i:3 * i + 3]) for i in range(max(0, round(255 * part) - 1), min(255, round(255 * part) + 1) + 1)]
        assert tuple(pixel[:3]) in options, f"{query} {key}: {pixel} is none of {options}"


@case
def small_maps_have_the_colours_of_their_bytes(browser, pages):
    browser.open(pages.get("compact"), "#scale=sqrt")
    meta = json.loads(browser.text("#meta"))
    colors = base64.b64decode(next(one for one in meta["maps"] if one["name"] == "viridis")["colors"])
    thumbs = zlib.decompress(base64.b64decode(browser.text(f"#c{meta['chunks']['thumbs/0']}")))
    browser.wait("return performance.getEntriesByName('whole overview').length")
    browser.frame()
    for layer, head, down, right in ((0, 0, 15, 2), (3, 1, 12, 11), (11, 11, 18, 10), (7, 2, 19, 19)):
        size, *pixel = browser.run(MAP_PIXEL, f"layer {layer} head {head}", down, right)
        row, column = (int((place + 0.5) * 24 / size) for place in (down, right))
        byte = thumbs[((layer * 12 + head) * 24 + row) * 24 + column]
        assert pixel[:3] == list(colors[3 * byte:3 * byte + 3]), (layer, head, row, column, byte, pixel)
    _, *hatched = browser.run(MAP_PIXEL, "layer 3 head 1", 2, 18)
    assert min(hatched[:3]) > 190 and hatched[3] == 255, hatched


MAP_PIXEL = """
const [name, down, right] = arguments;
const canvas = document.querySelector('#overview canvas');
const pen = new OffscreenCanvas(1, 1).getContext('2d');
const { style } = [...document.querySelectorAll('#overview button')].find((one) => (one.getAttribute('aria-label') + ',').startsWith(name + ','));
pen.drawImage(canvas, -(parseFloat(style.left) + right), -(parseFloat(style.top) + down));
return [parseFloat(style.width), ...pen.getImageData(0, 0, 1, 1).data];
"""


PIXEL = """
const [query, key, count] = arguments;
const canvas = document.querySelector('#matrix canvas');
const copy = document.createElement('canvas');
copy.width = canvas.width;
copy.height = canvas.height;
const context = copy.getContext('2d', { willReadFrequently: true });
context.drawImage(canvas, 0, 0);
// The plot is square and ends 8 pixels above the end of the canvas; its last row is coloured from end to end.
const bottom = canvas.height - 8;
const row = context.getImageData(0, bottom - 3, canvas.width, 1).data;
const opaque = (x) => row[4 * x + 3] === 255;
let right = canvas.width;
while (![1, 5, 9, 13, 21, 30].every((back) => opaque(right - back))) --right;
let left = right;
while (opaque(left - 1)) --left;
const cell = (right - left - 2) / count;
return [...context.getImageData(Math.round(left + 1 + (key + 0.5) * cell), Math.round(bottom - cell * (count - query - 0.5)), 1, 1).data];
"""


@case
def the_pointer_reads_and_chooses_cells_and_the_wheel_zooms(browser, pages):
    browser.open(pages.get("sample"), "#layer=1&head=1")
    box = browser.run("const b = document.querySelector('#matrix').getBoundingClientRect(); return [b.left, b.top, b.width, b.height]")
    x, y = box[0] + box[2] * 0.3, box[1] + box[3] * 0.7
    browser.point(x, y)
    before = browser.wait("const t = document.getElementById('readout').textContent; return t.startsWith('query') ? t : ''")
    browser.point(x, y, click=True)
    assert "query=" in browser.run("return location.hash"), browser.run("return location.hash")
    browser.wheel(x, y, -300)
    zoom = re.search(r"zoom=([\d.%C,]+)", browser.run("return location.hash"))
    assert zoom, browser.run("return location.hash")
    # The cell under the pointer stays there.
    browser.point(x + 1, y)
    browser.point(x, y)
    after = browser.wait("const t = document.getElementById('readout').textContent; return t.startsWith('query') ? t : ''")
    assert before == after, f"{before} became {after}"
    browser.press("0")
    assert "zoom=" not in browser.run("return location.hash")


@case
def keys_move_heads_and_cells(browser, pages):
    browser.open(pages.get("sample"), "#layer=0&head=0")
    browser.run("document.querySelector('#overview button[aria-selected=true]').focus()")
    browser.press("right", "down")
    assert browser.text("#matrix-title") == "layer 1 head 1", browser.text("#matrix-title")
    assert browser.run("return document.activeElement.getAttribute('aria-label')").startswith("layer 1 head 1")
    browser.run("document.activeElement.blur()")
    browser.press("right", "right", "down")
    assert "query=1&key=1" in browser.run("return location.hash"), browser.run("return location.hash")
    browser.press("s", "f")
    assert "scale=log" in browser.run("return location.hash") and "drop=1" in browser.run("return location.hash")
    browser.press("p", "down")
    assert "pin=1" in browser.run("return location.hash")
    browser.wait("return document.getElementById('pinned').textContent.startsWith('Pinned: query 1 ')")
    browser.press("/")
    assert browser.run("return document.activeElement.id") == "find"
    browser.press("escape", "?")
    assert browser.run("return document.getElementById('help-dialog').open")
    browser.press("escape")
    browser.press("escape")
    assert "query=" not in browser.run("return location.hash")


@case
def searching_finds_heads_and_the_table_sorts_them(browser, pages):
    page = pages.get("sample")
    stats = json.loads(pages.command("stats", "sample", "--json"))["heads"]
    browser.open(page, "#tab=table")
    browser.type("#find", "induction>0.4")
    wanted = [one for one in stats if (one["induction"] or 0) > 0.4]
    assert browser.text("#find-answer") == f"{len(wanted)} of 8 heads", browser.text("#find-answer")
    bright = browser.run("return [...document.querySelectorAll('#overview button:not(.faded)')].map((b) => b.getAttribute('aria-label'))")
    assert sorted(name.split(",")[0] for name in bright) == sorted(f"layer {one['layer']} head {one['head']}" for one in wanted), bright
    browser.run("const b = [...document.querySelectorAll('#tab-table th button')].find((b) => b.textContent.trim() === 'entropy'); b.click()")
    browser.frame()
    rows = browser.run("return [...document.querySelectorAll('#tab-table tbody tr:not(.spacer)')].map((r) => [...r.children].slice(0, 2).map((c) => Number(c.textContent)))")
    wanted.sort(key=lambda one: -one["entropy"])
    assert rows == [[one["layer"], one["head"]] for one in wanted], rows
    browser.click("#tab-table tbody tr:nth-child(2)")
    assert browser.text("#matrix-title") == f"layer {wanted[0]['layer']} head {wanted[0]['head']}"


@case
def a_link_brings_back_what_was_seen(browser, pages):
    link = "#layer=1&head=2&query=30&key=6&scale=log&map=magma&drop=1&find=layer%3D1&tab=curves&side-tab=text"
    browser.open(pages.get("sample"), link)
    assert browser.run("return location.hash") == link, browser.run("return location.hash")
    assert browser.text("#matrix-title") == "layer 1 head 2"
    assert browser.run("return document.getElementById('map').value") == "magma"
    assert browser.run("return document.getElementById('tab-curves').hidden") is False
    assert browser.run("return document.getElementById('side-lines').hidden") is True
    browser.open(pages.get("sample"), "#layer=999&head=x&query=-5&nothing=<b>&zoom=NaN")
    assert browser.text("#matrix-title") == "layer 1 head 0"


@case
def every_tab_draws(browser, pages):
    for name in ("sample", "compact", "pooled", "compared", "patches"):
        browser.open(pages.get(name), "#query=9&key=3")
        for tab in browser.run("return [...document.querySelectorAll('[role=tab]')].map((tab) => tab.id)"):
            browser.click("#" + tab)
            panel = browser.run("return document.getElementById(arguments[0]).getAttribute('aria-controls')", tab)
            assert browser.run("const p = document.getElementById(arguments[0]); return !p.hidden && p.clientHeight > 20", panel), (name, tab)


@case
def every_tab_fits_a_narrow_screen(browser, pages):
    for name in ("sample", "pooled", "compared", "patches", "embedded"):
        browser.open(pages.get(name), "#query=9&key=3")
        browser.size(400, 900)
        for tab in browser.run("return [...document.querySelectorAll('[role=tab]')].map((tab) => tab.id)"):
            browser.run("document.getElementById(arguments[0]).click()", tab)
            browser.frame()
            assert browser.wait("return document.documentElement.scrollWidth <= 400", seconds=5), (name, tab)
    browser.size(1400, 900)


@case
def a_token_is_followed_through_all_layers(browser, pages):
    page = pages.get("compact")
    weights = arrays.Npy(page.parent / "compact.npy")
    browser.open(page, "#layer=3&head=2&query=100&key=99")
    browser.wait("return !document.querySelector('#tab-token .faint').textContent")
    browser.frame()
    texts = browser.run("return [...document.querySelectorAll('.link-bars .words')].slice(0, 10).map((e) => e.textContent)")
    strongest = sorted((weights[layer, head, 100, 99] for layer in range(12) for head in range(12)), reverse=True)
    for text, value in zip(texts, strongest):
        layer, head, shown = re.match(r"layer (\d+) head (\d+): (?:\u2248 )?(\S+)", text).groups()
        assert abs(weights[layer and int(layer), int(head), 100, 99] - float(shown)) <= 0.02 * value + 1e-9, text
        assert abs(float(shown) - value) <= 0.02 * value, (text, value)
    count = "return document.querySelectorAll('.link-bars button').length"
    assert browser.run(count) == 40
    browser.click("#tab-token label:nth-of-type(2) input")
    assert browser.run(count) == 144


@case
def sequences_and_cross_attention_are_told_apart(browser, pages):
    page = pages.get("batch")
    weights = arrays.Npy(page.parent / "batch.npy")
    browser.open(page, "#seq=2&layer=1&head=1")
    assert browser.text("#matrix-title") == "sequence 2 layer 1 head 1", browser.text("#matrix-title")
    close_to(weights[1, 2, 1, 4, 3], show(browser, "#seq=2&layer=1&head=1&query=4&key=3", ["query 4 ", "key 3"]))
    browser.press("[")
    assert browser.text("#matrix-title") == "sequence 1 layer 1 head 1"
    page = pages.get("cross")
    weights = arrays.Npy(page.parent / "cross.npy")
    browser.open(page)
    close_to(weights[2, 6, 39], show(browser, "#head=2&query=6&key=39", ["query 6 ", "key 39"]))


@case
def what_is_no_attention_is_shown_as_it_is(browser, pages):
    browser.open(pages.get("strange"))
    assert "0.111" in show(browser, "#query=0&key=1", ["query 0 ", "key 1"])
    assert "inf (exact)" in show(browser, "#query=2&key=4", ["query 2 ", "key 4"])
    assert "\u2013 (exact)" in show(browser, "#query=1&key=2", ["query 1 ", "key 2"])


@case
def a_layer_of_gpt_2_opens(browser, pages):
    page = pages.get("gpt2")
    if page is None:
        print("  skipped: the reference cases are not here")
        return
    browser.open(page, "#head=4&query=16&key=10")
    text = browser.wait("const t = document.getElementById('readout').textContent; return t.includes('query 16') ? t : ''")
    assert text.startswith('query 16 "\u00b7heads" \u2192 key 10 "\u00b7users": 0.0063424'), text


@case
def pooled_cells_are_the_largest_of_their_blocks(browser, pages):
    page = pages.get("pooled")
    weights = arrays.Npy(page.parent / "compact.npy")
    browser.open(page)
    meta = json.loads(browser.text("#meta"))
    pool = meta["pool"]
    assert pool > 1, pool
    for query, key in ((100, 40), (127, 0), (64, 63)):
        row, column = query // pool * pool, key // pool * pool
        text = show(browser, f"#layer=2&head=5&query={query}&key={key}", [f"queries {row}", f"keys {column}"])
        block = max(weights[2, 5, q, k] for q in range(row, min(row + pool, 128)) for k in range(column, min(column + pool, 128)))
        close_to(block, text.split(";")[0])


@case
def a_long_text_opens_in_every_view(browser, pages):
    browser.open(pages.get("long"))
    text = show(browser, "#query=100000&key=99999", ["queries ", "keys "])
    close_to(1 / 8, text.split(";")[0])
    for tab in browser.run("return [...document.querySelectorAll('[role=tab]')].map((tab) => tab.id)"):
        browser.click("#" + tab)
        panel = browser.run("return document.getElementById(arguments[0]).getAttribute('aria-controls')", tab)
        assert browser.run("const p = document.getElementById(arguments[0]); return !p.hidden && p.clientHeight > 20", panel), tab
    assert browser.run("return document.querySelectorAll('#largest li').length") <= 12
    assert browser.run("return document.documentElement.scrollHeight") < 4000


@case
def a_layer_of_32_heads_opens(browser, pages):
    page = pages.get("llama")
    if page is None:
        print("  skipped: the reference cases are not here")
        return
    browser.open(page, "#head=31&query=5&key=0")
    assert browser.text("#matrix-title") == "layer 0 head 31", browser.text("#matrix-title")
    browser.wait("return document.querySelectorAll('#overview button').length === 33")
    sides = browser.run("return [...document.querySelectorAll('#overview button')].map((b) => b.offsetWidth)")
    assert min(sides) >= 20, sides


@case
def two_sources_are_compared(browser, pages):
    page = pages.get("compared")
    a, b = arrays.Npy(page.parent / "a.npy"), arrays.Npy(page.parent / "b.npy")
    browser.open(page, "#tab=compare&layer=1&head=2&query=9&key=3")
    for source, value in (("a", a[1, 2, 9, 3]), ("b", b[1, 2, 9, 3]), ("difference", a[1, 2, 9, 3] - b[1, 2, 9, 3])):
        browser.run("document.querySelector(`#sources button[value=${arguments[0]}]`).click()", source)
        browser.frame()
        time.sleep(0.5)  # it is said four times a second
        text = browser.text("#readout")
        close_to(value, text[text.rindex(": "):])
    cell = browser.text("#tab-compare .readout")
    assert cell.count("(exact)") == 3, cell
    assert browser.run("return document.querySelectorAll('#tab-compare canvas').length") == 3


@case
def differences_of_compact_weights_lie_within_their_interval(browser, pages):
    page = pages.get("compared_compact")
    a, b = arrays.Npy(page.parent / "a.npy"), arrays.Npy(page.parent / "b.npy")
    browser.open(page)
    for head, query, key in ((0, 20, 3), (1, 23, 22), (3, 11, 11)):
        text = show(browser, f"#source=difference&layer=1&head={head}&query={query}&key={key}", [f"query {query} ", f"key {key}"])
        close_to(a[1, head, query, key] - b[1, head, query, key], text)
    for head in ("mean", "rollout"):
        browser.run("location.hash = arguments[0]", f"#layer=1&head={head}&query=20&key=3")
        browser.wait("return document.getElementById('matrix-title').textContent.startsWith(arguments[0])", "layer 1 " + head)
    mean = sum(a[1, head, 21, 4] for head in range(4)) / 4
    text = show(browser, "#layer=1&head=mean&query=21&key=4", ["query 21 ", "key 4"])
    close_to(mean, text)


@case
def hostile_tokens_are_only_ever_text(browser, pages):
    browser.open(pages.get("compared"), "#query=12&key=0&side-tab=text")
    count = "return document.querySelectorAll('img, b, iframe, object, main script').length"
    for tab in browser.run("return [...document.querySelectorAll('[role=tab]')].map((tab) => tab.id)"):
        browser.click("#" + tab)
        assert browser.run(count) == 0
    assert browser.run("return document.title") != "run"
    assert "</script><img" in browser.text("#side-text"), browser.text("#side-text")[:80]
    assert "\u202e" not in browser.run("return document.querySelector('main').textContent")
    browser.run("document.title = 'still'")
    assert browser.run("try { document.body.insertAdjacentHTML('beforeend', '<b></b>'); return 'made'; } catch { return 'refused'; }") == "refused"
    assert all("TrustedHTML" in message for message in browser.console())


@case
def patches_lie_over_the_picture(browser, pages):
    page = pages.get("patches")
    weights = arrays.Npy(page.parent / "patches.npy")
    browser.open(page, "#side-tab=patches&layer=0&head=1")
    box = browser.run("const b = document.querySelector('#side-patches canvas').getBoundingClientRect(); return [b.left, b.top, b.width, b.height]")
    assert abs(box[2] / box[3] - 64 / 48) < 0.02, box
    browser.point(box[0] + box[2] * 0.4, box[1] + box[3] * 0.9, click=True)
    assert "query=14" in browser.run("return location.hash"), browser.run("return location.hash")
    browser.point(box[0] + box[2] * 0.9, box[1] + box[3] * 0.1)
    close_to(weights[0, 1, 14, 4], browser.text("#side-patches .readout"))


@case
def arrow_keys_move_within_the_picture_that_has_the_focus(browser, pages):
    focus = "document.querySelector(arguments[0]).focus()"
    browser.open(pages.get("patches"), "#side-tab=patches&layer=0&head=1&query=6")
    browser.run(focus, "#side-patches canvas")
    browser.press("right", "down")
    assert "query=11" in browser.run("return location.hash"), browser.run("return location.hash")
    browser.open(pages.get("sample"), "#layer=0&head=3&query=30&key=6")
    browser.run(focus, "#tab-token canvas")
    browser.press("down", "right")
    assert browser.run("return location.hash") == "#layer=1&head=0&query=30&key=7", browser.run("return location.hash")
    browser.open(pages.get("embedded"), "#layer=1&head=3&tab=embedding&query=20")
    browser.wait("return document.querySelector('#tab-embedding canvas').getAttribute('aria-label').endsWith(' 98 points.')")
    browser.run(focus, "#tab-embedding canvas")
    said = "return document.querySelector('#tab-embedding .readout').textContent"
    assert browser.run(said).startswith("query 20 "), browser.run(said)
    browser.press("right")
    there = browser.run(said)
    assert re.match(r"(query|key) \d+ ", there) and not there.startswith("query 20 "), there
    browser.press("enter")
    side, place = re.match(r"(query|key) (\d+) ", there).groups()
    assert f"{side}={place}" in browser.run("return location.hash"), (there, browser.run("return location.hash"))


@case
def a_failed_check_leads_to_its_cell(browser, pages):
    browser.open(pages.get("leaky"), "#tab=checks")
    assert browser.run("return document.querySelectorAll('#overview .failed').length") == 1
    browser.run("[...document.querySelectorAll('button.verdict')].find((b) => b.textContent.includes('FAIL')).click()")
    browser.frame()
    assert "query=" in browser.run("return location.hash"), browser.run("return location.hash")


@case
def queries_and_keys_lie_in_a_plane(browser, pages):
    page = pages.get("embedded")
    browser.open(page, "#layer=1&head=3&tab=embedding")
    meta = json.loads(browser.text("#meta"))
    packed = browser.text(f"#c{meta['chunks']['points/0/1/3']}")
    numbers = struct.unpack("<196H", zlib.decompress(base64.b64decode(packed)))
    facts = meta["embedding"]["heads"][7]
    browser.wait("return document.querySelector('#tab-embedding canvas').getAttribute('aria-label').endsWith(' 98 points.')")
    caption = browser.text("#tab-embedding .faint")
    assert f"{100 * facts['variance']:.3g} % of the variance" in caption and f"{facts['correlation']:.3g}." in caption, caption
    browser.run("document.querySelector('#tab-embedding canvas').scrollIntoView({ block: 'center' })")
    box = browser.run("const b = document.querySelector('#tab-embedding canvas').getBoundingClientRect(); return [b.left, b.top, b.width]")
    inner = box[2] - 28
    points = [(numbers[2 * i] / 65535, numbers[2 * i + 1] / 65535) for i in range(98)]
    alone = [i for i, (x, y) in enumerate(points)
             if all(i == j or (x - a) ** 2 + (y - b) ** 2 > 0.01 ** 2 for j, (a, b) in enumerate(points))]
    assert len(alone) > 5, alone
    for i in alone[:3] + alone[-3:]:
        browser.point(box[0] + 14 + points[i][0] * inner, box[1] + box[2] - 14 - points[i][1] * inner)
        name = f"query {i} " if i < 49 else f"key {i - 49} "
        browser.wait("return document.querySelector('#tab-embedding .readout').textContent.startsWith(arguments[0])", name)


@case
def rollout_of_computed_attention_is_a_column(browser, pages):
    page = pages.get("embedded")
    browser.open(page, "#layer=1&head=rollout")
    assert browser.text("#matrix-title") == "layer 1 rollout", browser.text("#matrix-title")
    meta = json.loads(browser.text("#meta"))
    packed = zlib.decompress(base64.b64decode(browser.text(f"#c{meta['chunks']['rollout/0/1']}")))
    cell = 30 * 49 + 4
    weight = struct.unpack(">f", bytes(packed[plane * 49 * 49 + cell] for plane in range(4)))[0]
    close_to(weight, show(browser, "#layer=1&head=rollout&query=30&key=4", ["query 30 ", "key 4 "]))


@case
def rollout_of_computed_attention_stays_where_two_sources_are_compared(browser, pages):
    def said(page, link):
        browser.open(page, link)
        return show(browser, link + "&query=30&key=4", ["query 30 ", "key 4 "])
    alone = said(pages.get("embedded"), "#layer=1&head=rollout")
    assert said(pages.get("embedded_compared"), "#layer=1&head=rollout&source=b") == alone
    assert browser.text("#matrix-title") == "layer 1 rollout, A", browser.text("#matrix-title")
    close_to(0.0, said(pages.get("embedded_compared"), "#layer=1&head=2&source=difference"))


@case
def every_head_that_fails_a_check_is_marked(browser, pages):
    browser.open(pages.get("leaky_heads"), "#tab=checks")
    marked = "return [...document.querySelectorAll('#overview .failed')].map((m) => m.parentElement.getAttribute('aria-label').split(',')[0])"
    assert browser.run(marked) == ["layer 0 head 1", "layer 1 head 0", "layer 1 head 2"], browser.run(marked)
    assert "and 2 more heads, which check:causal_leak finds" in browser.text("#tab-checks")
    browser.type("#find", "check:causal_leak")
    assert browser.text("#find-answer") == "3 of 6 heads", browser.text("#find-answer")


@case
def files_are_saved(browser, pages):
    page = pages.get("sample")
    weights = arrays.Npy(page.parent / "sample/layer01/weights.npy")
    folder = pathlib.Path(tempfile.mkdtemp(dir=pages.folder))
    browser.devtools("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(folder))
    browser.open(page, "#layer=1&head=1&query=27&key=4")
    browser.press("e")
    for button in browser.run("return [...document.querySelectorAll('#save-dialog .bar:first-of-type button')].map((b) => b.textContent)"):
        browser.run("[...document.querySelectorAll('#save-dialog button')].find((b) => b.textContent === arguments[0]).click()", button)
        time.sleep(0.1)
    names = ["layer01-head01.png", "layer01-head01@2x.png", "layer01-head01@4x.png", "layer01-head01.svg", "measures.csv",
             "layer01-head01-query27.json"]
    end = time.monotonic() + 20
    while not all((folder / name).exists() for name in names):
        assert time.monotonic() < end, os.listdir(folder)
        time.sleep(0.05)
    widths = [struct.unpack(">I", (folder / name).read_bytes()[16:20])[0] for name in names[:3]]
    assert widths[1] == 2 * widths[0] and widths[2] == 4 * widths[0], widths
    svg = xml.parse(folder / names[3]).getroot()
    assert len(svg.findall(".//{http://www.w3.org/2000/svg}rect")) > 49 * 49 and "forest" in "".join(svg.itertext())
    rows = list(csv.DictReader(io.StringIO((folder / names[4]).read_text())))
    stats = json.loads(pages.command("stats", "sample", "--json"))["heads"]
    assert len(rows) == 8
    for row, one in zip(rows, stats):
        assert abs(float(row["entropy"]) - one["entropy"]) < 1e-6, (row, one)
    saved = json.loads((folder / names[5]).read_text())
    place = (0,) * (len(weights.shape) - 3) + (1, 27)
    assert all(abs(one["value"] - weights[place + (one["key"],)]) < 1e-9 for one in saved["weights"])


@case
def themes_widths_and_names(browser, pages):
    browser.open(pages.get("sample"))
    for width in (1280, 400):
        browser.size(width, 900)
        assert browser.run("return document.documentElement.scrollWidth") <= width, width
    browser.size(1400, 900)
    background = "return getComputedStyle(document.body).backgroundColor"
    light = browser.run(background)
    browser.devtools("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark"}])
    browser.frame()
    dark = browser.run(background)
    assert (light, dark) == ("rgb(255, 255, 255)", "rgb(15, 18, 22)"), (light, dark)
    browser.click("#dark")
    assert browser.run(background) == light
    browser.devtools("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "light"}])
    browser.click("#dark")
    assert browser.run(background) == dark
    browser.click("#dark")
    assert browser.run(background) == light
    browser.devtools("Emulation.setEmulatedMedia", features=[])
    browser.devtools("Accessibility.enable")
    nodes = browser.devtools("Accessibility.getFullAXTree")["nodes"]
    roles = ("button", "gridcell", "tab", "checkbox", "slider", "combobox", "searchbox", "image", "img", "grid", "tablist")
    nameless = [node["role"]["value"] for node in nodes if not node.get("ignored") and node.get("role", {}).get("value") in roles
                and not node.get("name", {}).get("value")]
    assert not nameless, nameless
    cells = [node["name"]["value"] for node in nodes if node.get("role", {}).get("value") == "gridcell"]
    assert any(re.match(r"layer 1 head 1, induction, induction 0\.\d+", name) for name in cells), cells
    assert browser.run("return document.querySelectorAll('#overview button[tabindex=\"0\"]').length") == 1


@case
def printing_shows_the_table_and_every_row_of_it_can_be_read(browser, pages):
    browser.open(pages.get("sample"), "#layer=1&head=1")
    browser.devtools("Page.printToPDF", printBackground=False)
    assert browser.run("return document.querySelectorAll('#tab-table tbody tr[data-slot]').length") == 8
    browser.devtools("Emulation.setEmulatedMedia", media="print", features=[{"name": "prefers-color-scheme", "value": "light"}])
    chosen = "return getComputedStyle(document.querySelector('#tab-table tr[aria-selected=true] td')).color"
    assert browser.run(chosen) == "rgb(27, 31, 36)", browser.run(chosen)
    browser.devtools("Emulation.setEmulatedMedia", media="", features=[])


@case
def paper_is_white_whatever_the_screen_is(browser, pages):
    browser.open(pages.get("sample"), "#layer=1&head=1")
    browser.click("#dark")
    browser.run("""
        window.corner = [];
        const look = () => {
          const canvas = document.querySelector('#matrix canvas'), one = new OffscreenCanvas(1, 1).getContext('2d');
          one.drawImage(canvas, Math.round(-canvas.width * 0.7), Math.round(-canvas.height * 0.35));
          corner.push(getComputedStyle(document.body).backgroundColor, [...one.getImageData(0, 0, 1, 1).data].slice(0, 3));
        };
        addEventListener('beforeprint', look);
        addEventListener('afterprint', () => requestAnimationFrame(() => requestAnimationFrame(look)));""")
    browser.devtools("Page.printToPDF", printBackground=False)
    paper, printed, screen, shown = browser.wait("return window.corner.length === 4 && window.corner")
    assert (paper, screen) == ("rgb(255, 255, 255)", "rgb(15, 18, 22)"), (paper, screen)
    assert min(printed) > 150 and max(shown) < 105, (printed, shown)
    assert browser.run("return document.querySelector('#dark').getAttribute('aria-pressed')") == "true"


@case
def lines_of_heads_are_seen_on_dark_paper(browser, pages):
    browser.open(pages.get("sample"), "#layer=1&head=1&query=30")
    browser.click("#dark")
    swatch = "return getComputedStyle(document.documentElement).getPropertyValue('--head-0').trim()"
    assert browser.run(swatch) == "#56b4e9", browser.run(swatch)
    strongest = ("const c = document.querySelector('#side-lines canvas'); const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;"
                 "let most = 0; for (let i = 0; i < d.length; i += 4) if (d[i + 2] - d[i] > 100 && d[i + 3] > 200) most = Math.max(most, d[i + 1]);"
                 "return most")
    assert browser.run(strongest) > 150, browser.run(strongest)


@case
def a_notebook_may_show_it_in_a_sandboxed_frame(browser, pages):
    page = pages.get("sample")
    outer = page.parent / "notebook.html"
    outer.write_text(f"<!doctype html><title>n</title><iframe sandbox='allow-scripts' width=900 height=700 src='{page.name}#layer=1&head=2'></iframe>")
    browser.post("/url", {"url": f"file://{outer}"})
    browser.post("/frame", {"id": 0})
    browser.wait("return document.body.dataset.ready === '1'")
    browser.click("#overview button[aria-label^='layer 1 head 1']")
    assert browser.text("#matrix-title") == "layer 1 head 1"
    browser.post("/frame", {"id": None})


@case
def no_task_freezes_the_page(browser, pages):
    browser.open(pages.get("compact"), "#query=100")
    browser.run("window.longest = 0; new PerformanceObserver((list) => list.getEntries().forEach((e) => { window.longest = "
                "Math.max(window.longest, e.duration); })).observe({ type: 'longtask', buffered: true })")
    for script in ("#layer=7&head=7", "#layer=7&head=mean", "#layer=2&head=1&tab=table", "#tab=curves&layer=2&head=1", "#find=top%2010%20entropy"):
        browser.run("location.hash = arguments[0]", script)
        browser.frame()
    time.sleep(0.3)
    longest = browser.run("return window.longest")
    print(f"  longest task: {longest:.0f} ms")
    assert longest < FROZEN, longest


def check_quiet(browser):
    messages = browser.console()
    assert not messages, messages
    strange = [address for address in browser.requests() if not address.startswith(("file:///", "data:", "blob:", "about:"))]
    assert not strange, strange


def main():
    binary = os.path.abspath(sys.argv[1])
    missing = webdriver.missing()
    if missing:
        print("skipped: " + " and ".join(missing) + " missing (Debian: chromium chromium-driver)")
        return 77
    failed = 0
    with tempfile.TemporaryDirectory() as folder, webdriver.Browser() as browser:
        pages = Pages(binary, folder)
        for function in cases + by_hand.cases + saved_files.cases:
            name = function.__name__.replace("_", " ")
            if len(sys.argv) > 2 and not any(part in name for part in sys.argv[2:]):
                continue
            start = time.monotonic()
            try:
                function(browser, pages)
                check_quiet(browser)
                print(f"ok {name} ({time.monotonic() - start:.1f} s)", flush=True)
            except Exception:
                failed += 1
                print(f"FAILED {name}\n{traceback.format_exc()}", flush=True)
                browser.console(), browser.requests()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
