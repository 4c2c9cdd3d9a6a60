# SPDX-License-Identifier: Apache-2.0
"""The alert rules of the pages ask for metrics, and labels of them, that there are."""
import os, re, unittest, urllib.request

from harness import ROOT, Server, free_port, wasm

RULES = os.path.join(ROOT, "docs", "user", "examples", "kubernetes", "alert-rules.yaml")


class Alerts(unittest.TestCase):
    def test_their_metrics_are_there(self):
        with open(RULES, encoding="utf-8") as text:
            rules = text.read()
        port = free_port()
        with Server({"accept": {"module": wasm("accept")}}, "--admin-port", str(port)) as server:
            server.verdict("/validate/accept")
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=60) as answer:
                metrics = answer.read().decode()
        asked = set(re.findall(r"\b(chimera_\w+)", rules))
        self.assertGreaterEqual(len(asked), 6)
        for name in asked:
            self.assertRegex(metrics, rf"(?m)^{name}[ {{]")
        for name, label in re.findall(r"\b(chimera_\w+)\{(\w+)", rules) + [("chimera_policy_up", "policy_name"), ("chimera_policy_traps_total", "policy_name")]:
            self.assertRegex(metrics, rf"(?m)^{name}\{{[^\n]*\b{label}=")


if __name__ == "__main__":
    unittest.main()
