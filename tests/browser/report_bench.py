#!/usr/bin/env python3
"""How quick the page of `report` is: opening, another head, a frame, sorting. Prints a line for each page and measure.

usage: report_bench.py BINARY [--quick]      --quick: the smallest page only; exit code 77 where Chromium or its driver is missing
"""

import os
import pathlib
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import arrays  # noqa: E402
import webdriver  # noqa: E402

SOURCES = [("12 x 12 x 128", (12, 12, 128), []), ("32 x 32 x 128", (32, 32, 128), []), ("12 x 12 x 512", (12, 12, 512), []),
           ("12 x 12 x 512, larger budget", (12, 12, 512), ["--budget", "60M"])]
SAMPLE = pathlib.Path(__file__).resolve().parents[2] / "data/induction/model.json"
# Goals of writing a page.
SAMPLE_SECONDS, TIMES_READING = 0.3, 5
# Goals of the page on two idle cores without a GPU, in milliseconds.
GOALS = {"overview": 500, "first head": 700, "another head": 30, "the same again": 20, "frame while hovering": 4, "sorting": 30,
         "token through the layers": 150, "longest task": 50}

OPENING = """
const done = arguments[0];
const at = (name) => performance.getEntriesByName(name)[0]?.startTime;
let longest = 0;
new PerformanceObserver((list) => list.getEntries().forEach((e) => { longest = Math.max(longest, e.duration); })).observe({ type: 'longtask', buffered: true });
setTimeout(() => done({ 'overview': at('overview'), 'first head': at('first head'),
  'parsed': performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd, 'longest task': longest }), 800);
"""

HEADS = """
const done = arguments[0];
const canvas = document.querySelector('#matrix canvas');
const select = document.getElementById('head');
const go = (head) => new Promise((resolve) => {
  const start = performance.now();
  const observer = new MutationObserver(() => { observer.disconnect(); resolve(performance.now() - start); });
  observer.observe(canvas, { attributes: true, attributeFilter: ['aria-label'] });
  select.value = head;
  select.dispatchEvent(new Event('change'));
});
const median = (list) => list.sort((a, b) => a - b)[list.length >> 1];
(async () => {
  const first = [];
  const again = [];
  for (const head of ['3', '5', '7', '9', '11']) first.push(await go(head));
  for (const head of ['3', '5', '7', '9', '11']) again.push(await go(head));
  done({ 'another head': median(first), 'the same again': median(again) });
})();
"""

FRAMES = """
const done = arguments[0];
const request = window.requestAnimationFrame;
const spent = [];
window.requestAnimationFrame = (draw) => request.call(window, (time) => {
  const start = performance.now();
  draw(time);
  spent.push(performance.now() - start);
});
const panel = document.getElementById('matrix');
const box = panel.getBoundingClientRect();
let i = 0;
const step = () => {
  panel.dispatchEvent(new PointerEvent('pointermove', { clientX: box.left + 120 + 3 * i, clientY: box.top + 120 + 2 * i, bubbles: true }));
  if (++i < 60) request.call(window, step);
  else { window.requestAnimationFrame = request; done({ 'frame while hovering': spent.sort((a, b) => a - b)[spent.length >> 1] }); }
};
step();
"""

SORTING = """
const done = arguments[0];
document.getElementById('choose-tab-table').click();
requestAnimationFrame(() => requestAnimationFrame(() => {
  const start = performance.now();
  const observer = new MutationObserver(() => { observer.disconnect(); done({ 'sorting': performance.now() - start }); });
  observer.observe(document.querySelector('#tab-table tbody'), { childList: true });
  document.querySelectorAll('#tab-table th button')[3].click();
}));
"""

TOKEN = """
const done = arguments[0];
document.getElementById('choose-tab-token').click();
const start = performance.now();
document.querySelector('#largest button')?.click();
const wait = () => {
  const text = document.querySelector('#tab-token .faint').textContent;
  if (performance.now() - start > 60 && text === '') done({ 'token through the layers': performance.now() - start });
  else setTimeout(wait, 5);
};
setTimeout(wait, 5);
"""


def measure(browser, page):
    browser.open(page, "#layer=3&head=1&query=100")
    figures = {}
    for script in (OPENING, HEADS, FRAMES, TOKEN, SORTING):
        figures.update(browser.post("/execute/async", {"script": script, "args": []}))
    return figures


def least(times, command):
    """The shortest of several runs, in seconds."""
    taken = []
    for _ in range(times):
        start = time.monotonic()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        taken.append(time.monotonic() - start)
    return min(taken)


def write_sample(binary, folder):
    saved, page = os.path.join(folder, "sample"), os.path.join(folder, "sample.html")
    subprocess.run([binary, "run", "-w", SAMPLE, "-o", saved, "--save", "weights,q,k", "--quiet"], check=True)
    seconds = least(5, [binary, "report", saved, "-o", page, "--force"])
    print(f"the sample: written in {seconds:.2f} s (goal {SAMPLE_SECONDS}){' MISSED' if seconds > SAMPLE_SECONDS else ''}")


def write_page(binary, name, array, page, flags):
    """How long it takes, and how long it takes to read the array and do nothing with it."""
    seconds = least(3, [binary, "report", array, "-o", page, "--force", *flags])
    ratio = seconds / least(5, ["sh", "-c", 'cat "$0" | cat >/dev/null', array])
    size = os.path.getsize(page) / 1e6
    goal = f" (goal {TIMES_READING}){' MISSED' if ratio > TIMES_READING else ''}" if name.endswith("512") else ""
    print(f"{name}: written in {seconds:.2f} s, {ratio:.1f} times as long as reading{goal}; {size:.1f} MB")


def main():
    binary = os.path.abspath(sys.argv[1])
    if webdriver.missing():
        print("skipped: " + " and ".join(webdriver.missing()) + " missing (Debian: chromium chromium-driver)")
        return 77
    with tempfile.TemporaryDirectory() as folder, webdriver.Browser() as browser:
        write_sample(binary, folder)
        for name, shape, flags in SOURCES[:1] if "--quick" in sys.argv else SOURCES:
            array, page = os.path.join(folder, "attention.npy"), os.path.join(folder, "page.html")
            arrays.attention(array, *shape, different=shape[1])  # no head of a layer is another one's twin
            write_page(binary, name, array, page, flags)
            for what, value in measure(browser, page).items():
                missed = " MISSED" if what in GOALS and value > GOALS[what] else ""
                goal = f" (goal {GOALS[what]})" if what in GOALS else ""
                print(f"  {what}: {value:.1f} ms{goal}{missed}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
