# SPDX-License-Identifier: Apache-2.0
"""The man page and the reference hold every flag that --help names."""
import os, re, shutil, subprocess, tempfile, unittest

from harness import ROOT, SERVER


def run(*words):
    return subprocess.run([SERVER, *words], capture_output=True, text=True)


class Docs(unittest.TestCase):
    def setUp(self):
        self.flags = re.findall(r"^      (--[a-z-]+)(?: <([A-Z_]+)>)?$", run("--help").stdout, re.M)
        self.assertGreater(len(self.flags), 20)

    def test_the_man_page_has_every_flag(self):
        with tempfile.TemporaryDirectory() as folder:
            done = run("docs", "--man", os.path.join(folder, "new"))
            self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))
            page = os.path.join(folder, "new", "chimera-server.1")
            with open(page) as text:
                roff = text.read()
            for name, value in self.flags:
                entry = "\\fB" + name.replace("-", "\\-") + "\\fR" + (f" \\fI{value}\\fR" if value else "")
                self.assertIn("\n.TP\n" + entry + "\n", roff)
            self.assertIn("\n.SS TLS\n", roff)
            if shutil.which("groff"):
                checked = subprocess.run(["groff", "-man", "-ww", "-z", page], capture_output=True, text=True)
                self.assertEqual((checked.returncode, checked.stderr), (0, ""))

    def test_the_reference_is_written_as_upstream_does(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "x.md")
            for words in (("-o", path), ("--output", path), ("--output=" + path,)):
                self.assertEqual(run("docs", *words).returncode, 0)
                with open(path) as text:
                    lines = text.read().splitlines()
                for name, value in self.flags:
                    self.assertTrue(any(line.startswith(f"| `{name}{' ' + value if value else ''}` | `") for line in lines))
                os.remove(path)

    def test_the_page_in_the_repository_is_this_server_s(self):
        page = os.path.join(ROOT, "docs", "user", "server-options.md")
        with tempfile.TemporaryDirectory() as folder:
            run("docs", "-o", os.path.join(folder, "x.md"))
            with open(os.path.join(folder, "x.md")) as made, open(page) as kept:
                self.assertEqual(made.read(), kept.read(), "chimera-server docs -o docs/user/server-options.md mends this")

    def test_what_is_wrong_is_told(self):
        self.assertEqual(run("docs").returncode, 2)
        self.assertIn("unexpected argument '--port'", run("docs", "--port", "1").stderr)
        done = run("docs", "-o", "/nowhere/x.md")
        self.assertEqual(done.returncode, 1)
        self.assertIn("/nowhere", done.stderr)


if __name__ == "__main__":
    unittest.main()
