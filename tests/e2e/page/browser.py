# SPDX-License-Identifier: Apache-2.0
"""A real browser for tests of pages: Debian's `chromium`, without a screen."""
import base64, json, os, subprocess

import picture


class Browser:
    """Chromium, told by its debugging protocol what to show: messages of JSON, each ended by NUL, over two pipes."""

    def __init__(self, chromium, folder):
        told, tells = os.pipe(), os.pipe()
        command = [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--disable-lcd-text", "--remote-debugging-pipe",
                   "--user-data-dir=" + folder, "about:blank"]

        def take_pipes():  # it reads from 3 and writes to 4
            ends = os.dup(told[0]), os.dup(tells[1])
            os.dup2(ends[0], 3)
            os.dup2(ends[1], 4)

        self.process = subprocess.Popen(command, pass_fds=(3, 4, told[0], tells[1]), preexec_fn=take_pipes, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        os.close(told[0])
        os.close(tells[1])
        self.out, self.input, self.number, self.session = told[1], os.fdopen(tells[0], "rb"), 0, None
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.ask("Page.enable")

    def read(self):
        text = b""
        while not text.endswith(b"\0"):
            byte = self.input.read(1)
            assert byte, "the browser has ended"
            text += byte
        return json.loads(text[:-1])

    def ask(self, method, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters, **({"sessionId": self.session} if self.session else {})}
        os.write(self.out, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.read()
            if answer.get("id") == self.number:
                assert "error" not in answer, answer
                return answer["result"]

    def wait_for(self, event):
        while self.read().get("method") != event:
            pass

    def show(self, url, width, height, is_dark):
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 700)
        self.ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark" if is_dark else "light"}])
        self.ask("Page.navigate", url=url)
        self.wait_for("Page.loadEventFired")

    def value(self, expression):
        return self.ask("Runtime.evaluate", expression=expression, returnByValue=True)["result"]["value"]

    def keep_picture(self, path):
        data = self.ask("Page.captureScreenshot", format="png")["data"]
        with open(path, "wb") as out:
            out.write(picture.shrink(base64.b64decode(data)))
        size = os.path.getsize(path)
        assert size < 150000, f"{path} has {size} bytes"
        print(f"{path}: {size} bytes")

    def end(self):
        self.process.terminate()
        self.process.wait()
