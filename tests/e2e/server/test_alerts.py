# SPDX-License-Identifier: Apache-2.0
"""The alert rules and the dashboard of the pages ask for metrics, and labels of them, that there are."""
import json, os, re, unittest, urllib.request

import prometheus
from harness import ROOT, Server, free_port, wasm

EXAMPLES = os.path.join(ROOT, "docs", "user", "examples")
RULES = os.path.join(EXAMPLES, "kubernetes", "alert-rules.yaml")
DASHBOARD = os.path.join(EXAMPLES, "grafana-dashboard.json")
OF_PROMETHEUS = {"instance", "pod", "name", "le"}  # labels that whoever scrapes adds, and the histogram's
WORDS = {"sum", "by", "rate", "increase", "count", "or", "vector", "max", "histogram_quantile"}


def expressions_of_rules():
    with open(RULES, encoding="utf-8") as text:
        return re.findall(r"(?m)^ +expr: (.*)$", text.read())


def panels_of(dashboard):
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def asked(expression):
    """Pairs of a metric and the labels that are asked of it; those by which sums are grouped are asked of each."""
    by = {label for group in re.findall(r"by \(([^)]*)\)", expression) for label in re.findall(r"\w+", group)}
    bare = re.sub(r"by \([^)]*\)", "", expression)
    for name, labels in re.findall(r"\b([a-z]\w+)(?:\{([^}]*)\})?(?![\w(])", re.sub(r'"[^"]*"', '""', re.sub(r"\[[^]]*\]", "", bare))):
        if name not in WORDS:
            yield name, set(re.findall(r"(\w+)=", labels)) | by


class Monitoring(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        port = free_port()
        with Server({"accept": {"module": wasm("accept")}}, "--admin-port", str(port)) as server:
            server.verdict("/validate/accept")
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=60) as answer:
                families = prometheus.parse(answer.read().decode())
        cls.labels = {}
        for _, samples in families.values():
            for name, labels, _ in samples:
                cls.labels.setdefault(name, set()).update(labels)

    def check(self, expression):
        names = [name for name, _ in asked(expression)]
        self.assertTrue(names, expression)
        for name, labels in asked(expression):
            if name.startswith("apiserver_"):
                continue
            self.assertIn(name, self.labels, expression)
            self.assertLessEqual(labels - OF_PROMETHEUS, self.labels[name], expression)

    def test_the_rules_ask_for_what_there_is(self):
        rules = expressions_of_rules()
        self.assertGreaterEqual(len(rules), 8)
        for expression in rules:
            self.check(expression)

    def test_each_alert_has_its_line_in_the_pages(self):
        with open(RULES, encoding="utf-8") as rules, open(os.path.join(ROOT, "docs", "user", "operations.md"), encoding="utf-8") as page:
            alerts, text = re.findall(r"alert: (\w+)", rules.read()), page.read()
        for alert in alerts:
            self.assertIn(f"### {alert}\n", text)
        self.assertEqual(set(re.findall(r"(?m)^### ((?:Chimera|Webhook)\w+)$", text)), set(alerts))

    def test_the_dashboard_asks_for_what_there_is(self):
        with open(DASHBOARD, encoding="utf-8") as text:
            panels = panels_of(json.load(text))
        self.assertGreaterEqual(len(panels), 20)
        for panel in panels:
            for target in panel["targets"]:
                self.check(target["expr"])

    def test_the_dashboard_is_one(self):
        """As Grafana's JSON model has it: ids and places of panels, sources of data that are variables, variables that are defined."""
        with open(DASHBOARD, encoding="utf-8") as text:
            whole = text.read()
        dashboard = json.loads(whole)
        self.assertEqual([type(dashboard[key]) for key in ("title", "uid", "schemaVersion", "panels", "templating", "time")], [str, str, int, list, dict, dict])
        panels = dashboard["panels"]
        self.assertEqual(len({panel["id"] for panel in panels}), len(panels))
        taken = set()
        for panel in panels:
            at = panel["gridPos"]
            self.assertLessEqual(at["x"] + at["w"], 24, panel["title"])
            cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
            self.assertFalse(cells & taken, panel["title"])
            taken |= cells
        for panel in panels_of(dashboard):
            self.assertEqual(panel["datasource"], {"type": "prometheus", "uid": "${datasource}"})
            self.assertIn(panel["type"], ("timeseries", "stat", "table"))
            references = [target["refId"] for target in panel["targets"]]
            self.assertEqual(len(set(references)), len(references))
        defined = {variable["name"] for variable in dashboard["templating"]["list"]}
        self.assertEqual({name for name in re.findall(r"\$\{?(\w+)", whole) if not name.startswith("__")}, defined)


if __name__ == "__main__":
    unittest.main()
