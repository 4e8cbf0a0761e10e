"""A browser to test with: Chromium over WebDriver, with nothing but the standard library."""

import base64
import json
import re
import shutil
import subprocess
import time
import urllib.error
import urllib.request

KEYS = {"up": "\ue013", "down": "\ue015", "left": "\ue012", "right": "\ue014", "escape": "\ue00c", "enter": "\ue007"}
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"


def missing():
    """The programs that are not there."""
    return [name for name in ("chromium", "chromedriver") if shutil.which(name) is None]


class Browser:
    """One window. Console and network are recorded."""

    def __init__(self, width=1400, height=900):
        self.driver = subprocess.Popen(
            ["chromedriver", "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.base = "http://127.0.0.1:" + self._port()
        arguments = ["--headless=new", "--no-sandbox", "--disable-gpu", f"--window-size={width},{height}",
                     "--force-device-scale-factor=1", "--hide-scrollbars", "--disable-dev-shm-usage"]
        options = {"binary": shutil.which("chromium"), "args": arguments}
        wanted = {"goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"}}
        answer = self._call("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})
        self.session = "/session/" + answer["sessionId"]

    def _port(self):
        for line in self.driver.stdout:
            found = re.search(r"started successfully on port (\d+)", line)
            if found:
                return found.group(1)
        raise RuntimeError("chromedriver did not start")

    def close(self):
        try:
            self._call("DELETE", self.session)
        finally:
            self.driver.terminate()
            self.driver.wait(timeout=20)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _call(self, method, path, body=None):
        data = json.dumps(body or {}).encode() if method == "POST" else None
        request = urllib.request.Request(self.base + path, data, {"Content-Type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise RuntimeError(error.read().decode(errors="replace")[:600]) from None

    def post(self, path, body=None):
        return self._call("POST", self.session + path, body)

    def open(self, path, link=""):
        """Opens a page from disk and waits until its first head is drawn."""
        self.post("/url", {"url": "about:blank"})
        self.post("/url", {"url": f"file://{path}{link}"})
        self.wait("return document.body.dataset.ready === '1'")

    def run(self, script, *arguments):
        return self.post("/execute/sync", {"script": script, "args": list(arguments)})

    def wait(self, script, *arguments, seconds=60):
        """Waits until a script says something true, and gives that."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            value = self.run(script, *arguments)
            if value:
                return value
            time.sleep(0.03)
        raise AssertionError(f"waited {seconds} s for: {script} {arguments}")

    def frame(self):
        """Waits until what was asked for is drawn."""
        script = ("const done = arguments[0]; const next = (left) => left ? requestAnimationFrame(() => next(left - 1)) : done(true);"
                  "next(3)")
        return self.post("/execute/async", {"script": script, "args": []})

    def element(self, css):
        return self.post("/element", {"using": "css selector", "value": css})[ELEMENT]

    def click(self, css):
        self.post(f"/element/{self.element(css)}/click")
        self.frame()

    def text(self, css):
        return self.run("return document.querySelector(arguments[0]).textContent", css)

    def type(self, css, text):
        self.post(f"/element/{self.element(css)}/value", {"text": text})
        self.frame()

    def press(self, *names):
        """Presses keys where the focus is."""
        actions = []
        for name in names:
            key = KEYS.get(name, name)
            actions += [{"type": "keyDown", "value": key}, {"type": "keyUp", "value": key}]
        self.post("/actions", {"actions": [{"type": "key", "id": "keys", "actions": actions}]})
        self.frame()

    def point(self, x, y, click=False):
        """Moves the pointer to a place of the window, and clicks there if asked."""
        actions = [{"type": "pointerMove", "duration": 0, "x": int(x), "y": int(y), "origin": "viewport"}]
        if click:
            actions += [{"type": "pointerDown", "button": 0}, {"type": "pointerUp", "button": 0}]
        self.post("/actions", {"actions": [{"type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"},
                                            "actions": actions}]})
        self.frame()

    def stroke(self, *paths, kind="mouse", button=0):
        """Presses, moves along the points of a path, lets go: with the mouse, or with a finger for each path."""
        sources = []
        for finger, points in enumerate(paths):
            moves = [{"type": "pointerMove", "duration": 20, "x": int(x), "y": int(y), "origin": "viewport"} for x, y in points]
            actions = [moves[0], {"type": "pointerDown", "button": button}, *moves[1:], {"type": "pointerUp", "button": button}]
            sources.append({"type": "pointer", "id": f"{kind}{finger}", "parameters": {"pointerType": kind}, "actions": actions})
        self.post("/actions", {"actions": sources})
        self.frame()

    def box(self, css):
        """Left, top, width and height of an element, which is scrolled into view."""
        return self.run("const e = document.querySelector(arguments[0]); e.scrollIntoView({ block: 'center', inline: 'center' });"
                        "const b = e.getBoundingClientRect(); return [b.left, b.top, b.width, b.height]", css)

    def wheel(self, x, y, delta):
        self.post("/actions", {"actions": [{"type": "wheel", "id": "wheel", "actions": [
            {"type": "scroll", "x": int(x), "y": int(y), "deltaX": 0, "deltaY": delta, "duration": 0}]}]})
        self.frame()

    def devtools(self, command, **parameters):
        return self.post("/goog/cdp/execute", {"cmd": command, "params": parameters})

    def size(self, width, height):
        self.devtools("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.frame()

    def console(self):
        """What was written to the console since the last time."""
        return [entry["message"] for entry in self.post("/se/log", {"type": "browser"})]

    def requests(self):
        """Addresses that were asked for since the last time."""
        addresses = []
        for entry in self.post("/se/log", {"type": "performance"}):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                addresses.append(message["params"]["request"]["url"])
        return addresses

    def screenshot(self, path):
        with open(path, "wb") as file:
            file.write(base64.b64decode(self._call("GET", self.session + "/screenshot")))
