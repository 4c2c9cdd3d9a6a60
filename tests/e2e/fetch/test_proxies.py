# SPDX-License-Identifier: Apache-2.0
"""Which requests go by which proxy: sources.yml before the environment, and what NO_PROXY leaves out."""
import base64, unittest

from world import Proxy, Server, answer, authorities, play_one


def hello(request, number):
    return answer(200, b"hello")


class Chosen(unittest.TestCase):
    def setUp(self):
        self.server = self.enterContext(Server(hello, "by-system"))
        self.proxy, self.other = self.enterContext(Proxy()), self.enterContext(Proxy(address="127.0.0.2"))

    def by(self, environment=None, proxies=None, host=None, server=None, **sources):
        """By which proxy it went: `proxy`, `other` or None."""
        server, before = server or self.server, [len(self.proxy.requests), len(self.other.requests)]
        if proxies is not None:
            sources["proxies"] = proxies
        told = play_one("GET", server.url("/", host), environment=environment, sources=sources or None)
        self.assertEqual(told.get("status"), 200, told)
        used = [len(self.proxy.requests) > before[0], len(self.other.requests) > before[1]]
        self.assertIn(used, ([False, False], [True, False], [False, True]))
        return "proxy" if used[0] else "other" if used[1] else None

    def test_the_environment_names_one_by_scheme(self):
        self.assertEqual(self.by({"HTTPS_PROXY": self.proxy.url()}), "proxy")
        self.assertEqual(self.by({"https_proxy": self.proxy.url()}), "proxy")
        self.assertEqual(self.by({"https_proxy": self.proxy.name}), "proxy")
        self.assertIsNone(self.by({"HTTP_PROXY": self.proxy.url(), "http_proxy": self.proxy.url()}))
        self.assertIsNone(self.by({"ALL_PROXY": self.proxy.url(), "all_proxy": self.proxy.url()}))

    def test_upper_case_counts_first_and_empty_is_unset(self):
        self.assertEqual(self.by({"HTTPS_PROXY": self.proxy.url(), "https_proxy": self.other.url()}), "proxy")
        self.assertEqual(self.by({"HTTPS_PROXY": "", "https_proxy": self.other.url()}), "other")
        self.assertIsNone(self.by({"HTTPS_PROXY": "", "https_proxy": ""}))

    def test_the_file_counts_before_the_environment(self):
        environment = {"HTTPS_PROXY": self.other.url()}
        self.assertEqual(self.by(environment, {"https_proxy": self.proxy.url()}), "proxy")
        self.assertIsNone(self.by(environment, {"https_proxy": ""}))
        self.assertIsNone(self.by(environment, {}))
        self.assertEqual(self.by(environment, insecure_sources=[]), "other")
        self.assertIsNone(self.by({"NO_PROXY": "x"}, {"https_proxy": self.proxy.url(), "no_proxy": "127.0.0.1"}))
        self.assertEqual(self.by({"NO_PROXY": "*"}, {"https_proxy": self.proxy.url()}), "proxy")

    def test_some_hosts_are_left_out(self):
        def by(no_proxy, host=None):
            return self.by({"HTTPS_PROXY": self.proxy.url(), "NO_PROXY": no_proxy}, host=host)
        for left_out in "*", "127.0.0.1", "x, 127.0.0.1", "127.0.0.0/8", self.server.name, "127.0.0.1/32":
            self.assertIsNone(by(left_out), left_out)
        for not_meant in "", "127.0.0.2", "0.0.1", "128.0.0.0/8", "127.0.0.1:1", "localhost":
            self.assertEqual(by(not_meant), "proxy", not_meant)
        for left_out in "localhost", ".localhost", "LOCALHOST":
            self.assertIsNone(by(left_out, "localhost"), left_out)
        self.assertEqual(by("ocalhost", "localhost"), "proxy")

    def test_http_goes_by_its_own(self):
        with Server(hello) as plain:
            environment = {"HTTP_PROXY": self.proxy.url(), "HTTPS_PROXY": self.other.url()}
            self.assertEqual(self.by(environment, server=plain, insecure_sources=[plain.name]), "proxy")
            environment["NO_PROXY"] = "127.0.0.1"
            self.assertIsNone(self.by(environment, server=plain, insecure_sources=[plain.name]))


class Logins(unittest.TestCase):
    def test_the_proxy_s_login_is_for_the_proxy(self):
        login = "Basic " + base64.b64encode(b"user:pa ss").decode()
        with Server(hello, "by-system") as server, Proxy(login) as proxy:
            told = play_one("--authorization", "Bearer s3cr3t", "GET", server.url(),
                            environment={"HTTPS_PROXY": f"http://user:pa%20ss@{proxy.name}"})
            self.assertEqual(told.get("status"), 200, told)
            self.assertIsNone(server.requests[0].field("proxy-authorization"))
            self.assertEqual(server.requests[0].field("authorization"), "Bearer s3cr3t")
            self.assertIsNone(proxy.requests[0].field("authorization"))

    def test_what_fails_is_told_without_it(self):
        with Server(hello, "by-system") as server, Proxy("Basic x") as proxy, Proxy(refuses=403) as other:
            for name, words in (proxy.name, "login"), (other.name, "refuses"), ("127.0.0.1:1", "cannot be reached"):
                told = play_one("GET", server.url(), environment={"HTTPS_PROXY": f"http://user:s3cr3t@{name}"})
                self.assertEqual(told.get("code"), -3)
                self.assertIn(f"the proxy {name} ", told["error"])
                self.assertIn(words, told["error"])
                self.assertNotIn("s3cr3t", told["error"])
            self.assertEqual(server.requests, [])


class Trust(unittest.TestCase):
    def test_behind_a_proxy_certificates_are_checked_as_ever(self):
        with Server(hello, "by-own") as server, Proxy() as proxy:
            environment = {"HTTPS_PROXY": proxy.url()}
            self.assertEqual(play_one("GET", server.url(), environment=environment).get("code"), -3)
            told = play_one("GET", server.url(), environment=environment, sources=authorities(server.name))
            self.assertEqual(told.get("status"), 200, told)

    def test_a_proxy_by_tls_needs_the_system_s_authorities(self):
        """Not those of the host that is asked for by it."""
        with Server(hello, "by-own") as server:
            for certificate, status in ("by-system", 200), ("by-own", None):
                with Proxy(certificate=certificate) as proxy:
                    told = play_one("GET", server.url(), environment={"HTTPS_PROXY": proxy.url()},
                                    sources=authorities(server.name))
                    self.assertEqual(told.get("status"), status, told)

    def test_an_insecure_host_does_not_make_the_proxy_insecure(self):
        with Server(hello, "lonely") as server, Proxy(certificate="lonely") as proxy:
            told = play_one("GET", server.url(), environment={"HTTPS_PROXY": proxy.url()},
                            sources={"insecure_sources": [server.name]})
            self.assertEqual(told.get("code"), -3, told)
            self.assertEqual(proxy.requests, [])


if __name__ == "__main__":
    unittest.main()
