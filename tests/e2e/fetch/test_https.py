# SPDX-License-Identifier: Apache-2.0
"""`pull` of https:// policies: whole or not at all, a module or nothing, and no secret told."""
import hashlib, os, shutil, subprocess, tempfile, unittest

from world import Server, answer, authorities, path, redirect, settings

COMMAND = os.environ["CHIMERA_COMMAND"]
MODULE = b"\0asm\1\0\0\0" + b"\0\x05\x04name" * 1000  # custom sections
PAGE = b"<!DOCTYPE html><html>" + b"x" * (1 << 20)


class Pull(unittest.TestCase):
    def setUp(self):
        self.home = tempfile.mkdtemp(prefix="home-", dir=path(""))
        self.addCleanup(shutil.rmtree, self.home)

    def pull(self, url, *words, **more):
        environment = settings(**more) | {"HOME": self.home, "XDG_CACHE_HOME": self.home}
        sources = environment.pop("PLAY_SOURCES", None)
        flags = ["--sources-path", sources] if sources else []
        return subprocess.run([COMMAND, "pull", *flags, *words, url], env=environment, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL)

    def files(self):
        return [os.path.relpath(os.path.join(folder, name), self.home) for folder, _, names in os.walk(self.home)
                for name in names]

    def stored(self, server, target):
        with open(os.path.join(self.home, "kubewarden/store/https", server.name, target), "rb") as file:
            return file.read()

    def fails(self, told, *words):
        self.assertEqual(told.returncode, 1, told)
        self.assertTrue(told.stderr.startswith("Error: "), told)
        for word in words:
            self.assertIn(word, told.stderr)
        self.assertNotIn("s3cr3t", told.stderr + told.stdout)
        self.assertEqual(self.files(), [])


class Kept(Pull):
    def test_in_the_store_by_host_and_path(self):
        with Server(lambda *_: answer(200, MODULE), "by-system") as server:
            told = self.pull(server.url("/a/b.wasm?token=s3cr3t"))
            self.assertEqual(told.returncode, 0, told)
            self.assertEqual(self.stored(server, "a/b.wasm"), MODULE)
            self.assertEqual(len(self.files()), 1)
            self.assertEqual(server.requests[0].target, "/a/b.wasm?token=s3cr3t")

    def test_where_it_is_wanted(self):
        with Server(lambda *_: answer(200, MODULE), "by-system") as server:
            told = self.pull(server.url("/a.wasm"), "-o", os.path.join(self.home, "here.wasm"))
            self.assertEqual((told.returncode, self.files()), (0, ["here.wasm"]), told)

    def test_behind_redirects_under_its_own_name(self):
        with Server(lambda *_: answer(200, MODULE), "by-system", "127.0.0.2") as far:
            with Server(lambda *_: redirect(far.url("/blob?sig=s3cr3t")), "by-system") as near:
                self.assertEqual(self.pull(near.url("/a.wasm")).returncode, 0)
                self.assertEqual(self.stored(near, "a.wasm"), MODULE)

    def test_once(self):
        with Server(lambda *_: answer(200, MODULE), "by-system") as server:
            for _ in range(2):
                self.assertEqual(self.pull(server.url("/a.wasm")).returncode, 0)
            self.assertEqual(len(server.requests), 1)

    def test_with_an_authority_of_its_own(self):
        with Server(lambda *_: answer(200, MODULE), "by-own") as server:
            self.assertEqual(self.pull(server.url("/a.wasm"), sources=authorities(server.name)).returncode, 0)

    def test_http_urls_are_asked_by_https(self):
        with Server(lambda *_: answer(200, MODULE), "by-system") as server:
            told = self.pull(server.url("/a.wasm", scheme="http"))
            self.assertEqual((told.returncode, len(server.requests)), (0, 1), told)

    def test_after_a_cut_and_trouble(self):
        answers = [answer(200, MODULE[:3000], Content_Length=str(len(MODULE)), Connection="close"), answer(503),
                   answer(200, MODULE)]
        with Server(lambda request, number: answers[number], "by-system") as server:
            told = self.pull(server.url("/a.wasm"))
            self.assertEqual(told.returncode, 0, told)
            self.assertEqual(self.stored(server, "a.wasm"), MODULE)


class NotKept(Pull):
    def test_statuses(self):
        for status, word in (404, "no such file"), (403, "login"), (500, "trouble"):
            with Server(lambda *_: answer(status, MODULE), "by-system") as server:
                self.fails(self.pull(server.url("/a.wasm?token=s3cr3t")), f"answers {status}", word, server.url("/a.wasm"))

    def test_what_is_no_module(self):
        for body, word in (PAGE, "HTML"), (b"", "empty"), (b"\0asm", "truncated"), (b"\x7fELF" + b"x" * 600, "invalid wasm file"):
            with Server(lambda *_: answer(200, body), "by-system") as server:
                self.fails(self.pull(server.url("/a.wasm?token=s3cr3t")), "invalid wasm file", word)

    def test_a_page_is_ended_at_its_first_bytes(self):
        def script(request, number):
            yield b"HTTP/1.1 200 x\r\nContent-Length: 536870912\r\n\r\n"
            while True:
                yield PAGE
        with Server(script, "by-system") as server:
            self.fails(self.pull(server.url("/a.wasm")), "invalid wasm file")
            self.assertEqual(len(server.requests), 1)

    def test_too_large_a_file(self):
        with Server(lambda *_: answer(200, Content_Length=str(1 << 40)), "by-system") as server:
            self.fails(self.pull(server.url("/a.wasm")), "larger than")

    def test_whom_nobody_trusts(self):
        with Server(lambda *_: answer(200, MODULE), "by-own") as server:
            self.fails(self.pull(server.url("/a.wasm")), "source_authorities")

    def test_plain_http(self):
        with Server(lambda *_: answer(200, MODULE)) as server:
            self.fails(self.pull(server.url("/a.wasm")), server.name)
            self.assertEqual(server.requests, [])

    def test_a_redirect_to_plain_http(self):
        with Server(lambda *_: answer(200, MODULE)) as plain, Server(lambda *_: redirect(plain.url("/a")), "by-system") as server:
            self.fails(self.pull(server.url("/a.wasm")), "https to http")


if __name__ == "__main__":
    unittest.main()
