# SPDX-License-Identifier: Apache-2.0
"""A server starts from whatever a full disk or a power cut left in the cache, and says once what was wrong."""
import os, tempfile, unittest

from harness import Server, wasm

POLICIES = {"accept": {"module": wasm("accept")}}


def plugins_of(cache):
    folder = os.path.join(cache, "plugins")
    return sorted(os.path.join(folder, name) for name in os.listdir(folder) if name.endswith(".so"))


class Cache(unittest.TestCase):
    def start(self, cache):
        """Returns the log of a server that got ready."""
        with Server(POLICIES, environment={"CHIMERA_CACHE_DIR": cache}, log="info") as server:
            return server.log()

    def test_a_damaged_plugin_is_built_again(self):
        def cut(path):
            os.truncate(path, 100)

        def change(path):
            with open(path, "r+b") as file:
                file.seek(4096)
                byte = file.read(1)[0] ^ 1
                file.seek(4096)
                file.write(bytes([byte]))

        with tempfile.TemporaryDirectory(prefix="chimera-e2e-cache-") as cache:
            self.assertNotIn("damaged", self.start(cache))
            for damage in (cut, change, lambda path: os.truncate(path, 0)):
                for path in plugins_of(cache):
                    damage(path)
                first, second = self.start(cache), self.start(cache)
                self.assertIn("the cache was damaged, and what is missing was built again", first)
                self.assertIn("WARN", first)
                self.assertNotIn("damaged", second)
                self.assertIn("module found in the cache", second)
