"""Cases of report_test.py for hands: keys, mouse and fingers, one control after the other."""

import re

cases = []


def case(function):
    cases.append(function)
    return function


def link(browser):
    return browser.run("return location.hash")


def table_places(browser):
    """Layer and head of every row of the table."""
    return browser.run("return [...document.querySelectorAll('#tab-table tbody tr[data-slot]')].map((r) => "
                       "[...r.children].slice(0, 2).map((c) => Number(c.textContent)))")


@case
def every_key_of_the_help_does_what_it_says(browser, pages):
    browser.open(pages.get("sample"), "#layer=1&head=1&query=27&key=4")
    for key, there in (("s", "&scale=log"), ("s", "&scale=linear"), ("s", ""), ("f", "&drop=1"), ("f", ""), ("p", "&pin=27"), ("p", "")):
        browser.press(key)
        assert link(browser) == "#layer=1&head=1&query=27&key=4" + there, (key, link(browser))
    sizes = []
    for key in "++-":
        browser.press(key)
        top, bottom = re.search(r"zoom=([\d.]+)%2C([\d.]+)", link(browser)).groups()
        sizes.append(float(bottom) - float(top))
    assert sizes[1] < sizes[0] < 49 and abs(sizes[2] - sizes[0]) < 0.1, sizes
    browser.press("0")
    assert "zoom" not in link(browser)
    for key, dialog in (("e", "save-dialog"), ("?", "help-dialog")):
        browser.press(key)
        assert browser.run("return document.getElementById(arguments[0]).open", dialog), key
        browser.press("escape")
        assert not browser.run("return document.getElementById(arguments[0]).open", dialog), key
    browser.open(pages.get("compared"), "#layer=1&head=2")
    for key, source, title in (("b", "&source=b", "B"), ("d", "&source=difference", "A \u2212 B"), ("a", "", "A")):
        browser.press(key)
        assert link(browser) == "#layer=1&head=2" + source, (key, link(browser))
        assert browser.text("#matrix-title") == "layer 1 head 2, " + title
    browser.open(pages.get("batch"), "#layer=1&head=1")
    for key, there in (("]", 1), ("]", 2), ("]", 2), ("[", 1)):
        browser.press(key)
        assert link(browser).startswith(f"#seq={there}&"), (key, link(browser))


@case
def letting_go_of_the_search_field_forgets_the_search(browser, pages):
    browser.open(pages.get("sample"), "#layer=1&head=1")
    browser.press("/")
    browser.type("#find", "xyz")
    assert browser.text("#find-answer") == "0 of 8 heads"
    browser.press("escape")
    browser.wait("return !location.hash.includes('find=')", seconds=5)
    assert browser.run("return document.getElementById('find').value") == "" and browser.text("#find-answer") == ""


@case
def heads_that_are_not_found_fade_at_once(browser, pages):
    browser.open(pages.get("compact"))
    faded = browser.run("const f = document.getElementById('find'); f.value = 'top 10 entropy'; f.dispatchEvent(new Event('input'));"
                        "return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done("
                        "[document.querySelectorAll('#overview .faded').length, document.getAnimations().length]))))")
    assert faded == [12 * 14 - 10, 0], faded  # mean and rollout, too


@case
def sliders_cut_the_range_of_colours(browser, pages):
    def slide(name, value):
        browser.run("const e = document.getElementById('range-' + arguments[0]); e.value = arguments[1]; e.dispatchEvent(new Event('input'))",
                    name, value)
        browser.frame()
        return browser.run("return ['low', 'high'].map((name) => Number(document.getElementById('range-' + name).value))")
    browser.open(pages.get("sample"), "#layer=1&head=1&scale=linear")
    assert slide("low", 0.3) == [0.3, 1] and "low=0.3" in link(browser)
    assert slide("high", 0.6) == [0.3, 0.6] and "high=0.6" in link(browser)
    assert slide("low", 0.8) == [0.8, 0.8], "a slider moves the other along"
    assert slide("high", 0.2) == [0.2, 0.2]
    browser.open(pages.get("compared"), "#source=difference")
    assert browser.run("return document.getElementById('range-low').disabled"), "the middle of a difference is 0"
    browser.press("a")
    assert not browser.run("return document.getElementById('range-low').disabled")


@case
def fingers_zoom_move_and_choose(browser, pages):
    browser.open(pages.get("sample"), "#layer=1&head=1")
    left, top, width, height = browser.box("#matrix")
    x, y = left + width * 0.4, top + height * 0.6
    def path(sign):
        return [(x + sign * (20 + 8 * i), y + sign * 4 * i) for i in range(10)]
    browser.stroke(path(-1), path(1), kind="touch")
    zoom = re.search(r"zoom=([\d.]+)%2C([\d.]+)", link(browser))
    assert zoom and 8 < float(zoom[2]) - float(zoom[1]) < 16, link(browser)
    assert "query" not in link(browser)
    before = link(browser)
    browser.stroke([(x, y - 6 * i) for i in range(8)], kind="touch")
    assert link(browser) != before and "query" not in link(browser), link(browser)
    browser.stroke([(x, y)], kind="touch")
    assert "query=" in link(browser), link(browser)


@case
def only_the_main_button_chooses_and_drags(browser, pages):
    browser.open(pages.get("sample"), "#layer=1&head=1&zoom=10,30,0,20")
    left, top, width, height = browser.box("#matrix")
    x, y = left + width * 0.4, top + height * 0.6
    before = browser.run("return location.hash")
    browser.stroke([(x, y)], button=2)
    browser.stroke([(x, y), (x, y - 40), (x, y - 80)], button=2)
    assert link(browser).split("&zoom")[0] == before.split("&zoom")[0] == "#layer=1&head=1", link(browser)
    assert link(browser).replace("%2C", ",") == before.replace("%2C", ","), link(browser)
    browser.stroke([(x, y), (x, y - 40), (x, y - 80)])
    assert link(browser).replace("%2C", ",") != before.replace("%2C", ","), link(browser)


@case
def a_range_brushed_over_a_histogram_holds_the_heads_at_its_ends(browser, pages):
    browser.open(pages.get("compact"), "#tab=table")
    names = browser.run("return [...document.querySelectorAll('#tab-table th')].map((th) => th.textContent)")
    for name in ("entropy", "sink", "saturation"):
        css = f"#tab-table th:nth-child({names.index(name) + 1}) canvas"
        left, top, width, height = browser.box(css)
        y = top + height / 2
        browser.stroke([(left + 1, y), (left + width / 2, y), (left + width - 1, y)])
        assert browser.text("#find-answer") == "144 of 144 heads", (name, link(browser))
        browser.stroke([(left + 1, y)])  # what is seen does not jump when the answer comes
        found = int(browser.text("#find-answer").split()[0])
        assert 0 < found < 144 or name == "saturation" and found > 0, (name, link(browser))
        browser.run("location.hash = '#tab=table'")
        browser.frame()


@case
def like_this_one_sorts_by_the_small_maps(browser, pages):
    browser.open(pages.get("compact"), "#tab=table&layer=3&head=2")
    browser.click("#alike")
    browser.wait("return document.getElementById('find-answer').textContent === '10 of 144 heads, by their small maps: approximate'")
    browser.frame()
    # Heads of the same kind take turns every six.
    assert all(head % 6 == (3 * 7 * 12 + 2 - layer * 7 * 12) % 6 for layer, head in table_places(browser)), table_places(browser)
    browser.run("location.hash = '#tab=table&head=mean'")
    browser.wait("return document.getElementById('alike').disabled")
    browser.open(pages.get("compared"), "#tab=table&layer=1&head=2&source=difference")
    browser.click("#alike")
    browser.wait("return document.getElementById('find-answer').textContent.includes('approximate')")
    browser.frame()
    assert table_places(browser)[:2] == [[0, 0], [1, 2]], "the two of one kind"


@case
def lines_to_a_chosen_token_come_from_out_of_view_too(browser, pages):
    browser.open(pages.get("compact"), "#layer=3&head=2&key=0&side=key")
    browser.wait("return document.querySelector('#side-lines .faint').textContent === '0.02 \u00b7 128 lines'")


@case
def pointing_at_a_token_shows_its_lines_and_moves_nothing(browser, pages):
    browser.open(pages.get("sample"), "#layer=1&head=1")
    said = "return document.querySelector('#side-lines .faint').textContent"
    before = browser.run(said)
    left, top, width, height = box = browser.box("#side-lines .scroller")
    for part, place, name in ((0.3, 10, 'query 10 "compass"'), (0.7, 4, 'key 4 "thunder"'), (0.3, 0, 'query 0 "<bos>"')):
        browser.point(left + width * part, top + 18 * place + 9)
        assert browser.text("#tooltip") == name, browser.text("#tooltip")
        assert browser.run(said) != before, before
        assert browser.box("#side-lines .scroller") == box, "the picture moved under the pointer"
    browser.point(left + width * 0.7, top + 18 * 4 + 9, click=True)
    assert link(browser) == "#layer=1&head=1&key=4&side=key", link(browser)
    browser.wait("return document.getElementById('readout').textContent === 'key 4 \"thunder\" chosen'")


@case
def contrast_is_enough_in_both_themes(browser, pages):
    for name in ("sample", "compared", "embedded"):
        browser.open(pages.get(name), "#layer=0&head=1&query=3&key=1&pin=2")
        browser.run("document.querySelector('details.types').open = true")
        for _ in range(2):
            for tab in browser.run("return [...document.querySelectorAll('[role=tab]')].map((tab) => tab.id)"):
                browser.click("#" + tab)
                count, weak = browser.run(CONTRAST)
                assert count > 50 and not weak, (name, tab, weak)
            browser.click("#dark")


# Texts, and what a field says while it is empty, against the colours behind them.
CONTRAST = """
const numbers = (text) => { const all = text.match(/[\\d.]+/g).map(Number); return all.length < 4 ? [...all, 1] : all; };
const over = (ink, paper) => [0, 1, 2].map((i) => ink[i] * ink[3] + paper[i] * (1 - ink[3]));
const light = (color) => {
  const [r, g, b] = color.map((value) => (value <= 10.02 ? value / 3294.6 : ((value / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const behind = (element) =>
  element ? over(numbers(getComputedStyle(element).backgroundColor), behind(element.parentElement)) : [255, 255, 255];
const weak = [];
let count = 0;
const look = (element, style, text) => {
  const paper = behind(element);
  const [a, b] = [light(over(numbers(style.color), paper)), light(paper)];
  const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  ++count;
  if (ratio < 4.5) weak.push([text.slice(0, 40), ratio]);
};
const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (texts.nextNode()) {
  const { data, parentElement: element } = texts.currentNode;
  if (data.trim() && data !== '\u25a0' && element.getClientRects().length > 0) look(element, getComputedStyle(element), data);
}
for (const element of document.querySelectorAll('[placeholder]')) look(element, getComputedStyle(element, '::placeholder'), element.placeholder);
return [count, weak];
"""
