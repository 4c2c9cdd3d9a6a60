# SPDX-License-Identifier: Apache-2.0
"""An upgrade of the compilers (docs/user/toolchain-upgrade.md): what becomes of plugins, of bundles and of the cache. The
newer clang is the one that is there, by a script that names another release; the older Chimera is this one, with a prelude
that has another number of the plugins' contract."""
import json, os, re, shutil, subprocess, tempfile, unittest

from harness import COMMAND, JSON, POLICIES, ROOT, Server, review

MODULE = os.path.join(POLICIES, "accept.wasm")
PRELUDE = os.path.join(ROOT, "plugins", "policy")
CLANG = """#!/bin/sh
test "$1" = --version && echo "clang version 99.1.2" && exit
exec {clang} "$@"
"""


def find_tools():
    """What `doctor` finds: {tool: path}."""
    told = subprocess.run([COMMAND, "doctor"], capture_output=True, text=True).stdout
    return {name: found.group(1) for name in ("clang", "ld.lld", "llvm-objdump")
            if (found := re.search(rf"(/\S*/{re.escape(name)}(?:-\d+)?)\b", told))}


class Toolchain(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="chimera-toolchain-")
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        os.chmod(cls.folder, 0o755)
        tools = find_tools()
        if len(tools) < 3:
            raise unittest.SkipTest(f"of clang, lld and llvm-objdump there are only {sorted(tools)}")
        newer = os.path.join(cls.folder, "newer", "clang")
        os.mkdir(os.path.dirname(newer))
        with open(newer, "w") as out:
            out.write(CLANG.format(clang=tools["clang"]))
        os.chmod(newer, 0o755)
        cls.now = {**os.environ, "CHIMERA_CACHE_DIR": os.path.join(cls.folder, "cache")}
        cls.later = {**cls.now, "CHIMERA_CLANG": newer, "CHIMERA_LLD": tools["ld.lld"], "CHIMERA_OBJDUMP": tools["llvm-objdump"],
                     "CHIMERA_TOOL_FOLDERS": os.path.dirname(newer)}
        cls.set = os.path.join(cls.folder, "policies.yml")
        with open(cls.set, "w") as out:
            json.dump({"first": {"module": f"file://{MODULE}"}}, out)
        cls.built = [cls.build(cls.now), cls.build(cls.later)]

    @classmethod
    def call(cls, environment, *words, code=0):
        ran = subprocess.run([COMMAND, *words], capture_output=True, text=True, env=environment)
        if ran.returncode != code:
            raise AssertionError(f"{words}: {ran}")
        return ran.stdout

    @classmethod
    def build(cls, environment, *words):
        return json.loads(cls.call(environment, "build", "--json", *words, MODULE))

    def bundle(self, name, environment, *words):
        target = os.path.join(self.folder, name)
        self.call(environment, "bundle", "-q", *words, "-o", target, self.set)
        return target

    def test_each_is_built_once_and_both_are_kept(self):
        self.assertEqual([built["cached"] for built in self.built], [False, False])
        self.assertNotEqual(self.built[0]["plugin"], self.built[1]["plugin"])
        again = [self.build(self.later), self.build(self.now), self.build(self.later)]
        self.assertEqual([built["cached"] for built in again], [True] * 3)
        self.assertEqual({built["plugin"] for built in again}, {built["plugin"] for built in self.built})
        listed = self.call(self.now, "cache", "list").splitlines()
        for built in self.built:
            stem = os.path.basename(built["plugin"]).removesuffix(".so")
            self.assertEqual(sum(f"{stem}  " in line + "  " for line in listed), 1, listed)

    def test_the_difference_is_told(self):
        old, new = self.bundle("old", self.now), self.bundle("new", self.later)
        self.assertRegex(self.call(self.now, "inspect", old), r"(?m)^here: +the same toolchain$")
        self.assertRegex(self.call(self.now, "inspect", new), r"(?m)^here: +clang 99\.1\.2 instead of [0-9.]+$")
        self.assertRegex(self.call(self.later, "inspect", self.built[0]["plugin"]), r"(?m)^here: +clang [0-9.]+ instead of 99\.1\.2$")
        changes = json.loads(self.call(self.now, "diff", "--json", old, new, code=1))["changed"][0]["changes"]
        self.assertEqual([change["key"] for change in changes], ["toolchain"])
        self.assertRegex(changes[0]["words"], r"^clang 99\.1\.2 instead of [0-9.]+$")
        self.assertIn("\n        clang 99.1.2 instead of ", self.call(self.now, "diff", old, new, code=1))

    def test_what_older_compilers_built_is_served(self):
        old = self.bundle("served", self.now)
        with Server(None, "--bundle", old, environment=self.later) as server:
            code, _, body = server.post("/validate/first", review(), JSON)
            self.assertEqual((code, json.loads(body)["response"]["allowed"]), (200, True))

    def test_another_contract_is_refused(self):
        prelude = os.path.join(self.folder, "prelude")
        shutil.copytree(PRELUDE, prelude)
        header = os.path.join(prelude, "plugin.h")
        with open(header) as text:
            changed, count = re.subn(r"(?m)^#define CHIMERA_PLUGIN_ABI \d+", "#define CHIMERA_PLUGIN_ABI 2", text.read())
        self.assertEqual(count, 1)
        with open(header, "w") as out:
            out.write(changed)
        older = self.bundle("older", {**self.now, "CHIMERA_PRELUDE": prelude}, "--no-trial", "--no-check")
        words = r"has ABI 2, this program has ABI \d+; build it again with `chimera build` \(it was built by chimera-\S+ abi-"
        server = Server(None, "--bundle", older, environment=self.now, is_awaited=False)
        with server:
            self.assertEqual(server.process.wait(120), 1)
            self.assertRegex(server.errors() + server.said("out"), words)
        plugin = next(os.path.join(older, "plugins", name) for name in os.listdir(os.path.join(older, "plugins")) if name.endswith(".so"))
        refused = subprocess.run([COMMAND, "inspect", plugin], capture_output=True, text=True, env=self.now)
        self.assertEqual(refused.returncode, 1)
        self.assertRegex(refused.stderr, words)


if __name__ == "__main__":
    unittest.main()
