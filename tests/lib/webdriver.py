# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""webdriver.py - a page in a browser without a screen, over the W3C's WebDriver protocol.

    with Browser(width, height) as browser:
        browser.open("/path/to/page.html")
        browser.run("return document.title")
"""
import base64
import json
import re
import shutil
import subprocess
import tempfile
import urllib.request

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # WebDriver, 11: how a reference is marked
KEYS = {"Enter": "\ue007", "Escape": "\ue00c", "Left": "\ue012", "Up": "\ue013",
        "Right": "\ue014", "Down": "\ue015"}  # WebDriver, 17.4.2
# as root, in a container with a small /dev/shm, with no network even if a page asked for it
ARGUMENTS = ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu",
             "--host-resolver-rules=MAP * ~NOTFOUND", "--force-device-scale-factor=1"]


class Browser:
    def __init__(self, width=1280, height=1400, dark=False):
        self.size = width, height
        self.dark = dark

    def __enter__(self):
        self.profile = tempfile.mkdtemp(prefix="browser.")
        self.driver = subprocess.Popen(["chromedriver", "--port=0"], stdout=subprocess.PIPE,
                                       stderr=subprocess.DEVNULL, text=True)
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def start(self):
        for line in self.driver.stdout:
            port = re.search(r"started successfully on port (\d+)", line)
            if port:
                break
        self.base = f"http://127.0.0.1:{port[1]}/session"
        arguments = ARGUMENTS + [f"--user-data-dir={self.profile}",
                                 f"--window-size={self.size[0]},{self.size[1]}"]
        if self.dark:
            arguments.append("--force-dark-mode")
        wanted = {"goog:chromeOptions": {"args": arguments}, "goog:loggingPrefs": {"browser": "ALL"}}
        made = self.ask("", {"capabilities": {"alwaysMatch": wanted}})
        self.base += "/" + made["sessionId"]

    def __exit__(self, *unused):
        try:
            if self.base.count("/") > 3:
                self.ask("", method="DELETE")
        finally:
            self.driver.terminate()
            self.driver.wait()
            self.driver.stdout.close()
            shutil.rmtree(self.profile, ignore_errors=True)

    def ask(self, path, body=None, method=None):
        """A command and its answer; what went wrong as an exception with the driver's words."""
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(self.base + path, data, method=method,
                                         headers={"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise RuntimeError(f"{path}: {json.load(error)['value']['message']}") from None

    def open(self, file):
        self.ask("/url", {"url": f"file://{file}"})

    def run(self, script, *arguments):
        return self.ask("/execute/sync", {"script": script, "args": list(arguments)})

    def find(self, selector):
        found = self.ask("/element", {"using": "css selector", "value": selector})
        return found[ELEMENT]

    def click(self, selector):
        self.ask(f"/element/{self.find(selector)}/click", {})

    def text(self, selector):
        return self.ask(f"/element/{self.find(selector)}/text")

    def type(self, selector, text):
        """Into an element; a name of KEYS is that key."""
        self.ask(f"/element/{self.find(selector)}/value", {"text": KEYS.get(text, text)})

    def clear(self, selector):
        self.ask(f"/element/{self.find(selector)}/clear", {})

    def point(self, selector, x, y, click=False):
        """The mouse to so many pixels from an element's upper left corner."""
        left, top = self.run("const box = document.querySelector(arguments[0]);"
                             "box.scrollIntoView({block: 'start'});"
                             "const at = box.getBoundingClientRect(); return [at.left, at.top];", selector)
        move = {"type": "pointerMove", "duration": 0, "x": round(left + x), "y": round(top + y)}
        press = [{"type": "pointerDown", "button": 0}, {"type": "pointerUp", "button": 0}]
        self.ask("/actions", {"actions": [{"type": "pointer", "id": "mouse",
                                           "actions": [move] + (press if click else [])}]})

    def log(self):
        """What the console was told since the last call."""
        return [line["message"] for line in self.ask("/se/log", {"type": "browser"})]

    def screenshot(self, file):
        with open(file, "wb") as picture:
            picture.write(base64.b64decode(self.ask("/screenshot")))
