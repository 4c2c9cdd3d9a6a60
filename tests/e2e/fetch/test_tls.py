# SPDX-License-Identifier: Apache-2.0
"""Whom a host's certificate may be from, and what insecure hosts are allowed (cli-and-distribution.md §3.7)."""
import ssl, unittest

from world import Server, answer, authorities, path, play, play_one, redirect


def hello(request, number):
    return answer(200, b"hello")


class Verified(unittest.TestCase):
    def test_the_system_s_authorities_are_trusted(self):
        with Server(hello, "by-system") as server:
            told = play_one("GET", server.url("/a"))
            self.assertEqual((told["status"], told["body"], told["url"]), (200, "hello", server.url("/a")))

    def refused(self, certificate, *words, **more):
        with Server(hello, certificate) as server:
            told = play_one("GET", server.url("/secret?token=s3cr3t"), **more)
            self.assertEqual(told.get("code"), -3, told)
            self.assertEqual(server.requests, [])
            self.assertIn(server.url("/secret"), told["error"])
            self.assertNotIn("s3cr3t", told["error"])
            for word in words:
                self.assertIn(word, told["error"])

    def test_another_authority_is_not(self):
        self.refused("by-own", "source_authorities", "insecure_sources")

    def test_nor_a_certificate_of_its_own(self):
        self.refused("lonely", "self-signed", "source_authorities")

    def test_nor_an_expired_one(self):
        self.refused("expired", "not valid at this time")

    def test_nor_one_for_another_host(self):
        self.refused("elsewhere", "for another host")

    def test_localhost_is_not_special(self):
        with Server(hello) as server:
            told = play_one("GET", server.url("/", "localhost", "https"))
            self.assertIn("insecure_sources", told["error"])
            self.assertEqual(server.requests, [])
            told = play_one("GET", server.url("/", "localhost", "http"))
            self.assertEqual(told["code"], -10)
            self.assertIn("insecure_sources", told["error"])
            self.assertEqual(server.requests, [])

    def test_old_versions_of_tls_are_refused(self):
        """Also where the machine's configuration would allow them."""
        with open(path("lax.cnf"), "w") as out:
            out.write("openssl_conf = a\n[a]\nssl_conf = b\n[b]\nsystem_default = c\n[c]\nMinProtocol = TLSv1\n"
                      "CipherString = ALL:@SECLEVEL=0\n")
        for version, status in (ssl.TLSVersion.TLSv1_1, None), (ssl.TLSVersion.TLSv1_2, 200):
            with Server(hello, "by-system", version=version) as server:
                told = play_one("GET", server.url(), environment={"OPENSSL_CONF": path("lax.cnf")})
                self.assertEqual(told.get("status"), status, told)

    def test_without_any_authorities_that_is_said(self):
        with Server(hello, "by-system") as server:
            told = play_one("GET", server.url(), environment={"SSL_CERT_FILE": "/nowhere.pem"})
            self.assertIn("SSL_CERT_FILE", told["error"])


class OwnAuthorities(unittest.TestCase):
    def test_they_count_beside_the_system_s(self):
        with Server(hello, "by-own") as own, Server(hello, "by-system") as other:
            told = play("GET", own.url(), "GET", other.url(), sources=authorities(own.name, other.name))
            self.assertEqual([line.get("status") for line in told], [200, 200], told)

    def test_they_work_where_the_system_has_none(self):
        with Server(hello, "by-own") as own:
            told = play_one("GET", own.url(), sources=authorities(own.name), environment={"SSL_CERT_FILE": "/nowhere"})
            self.assertEqual(told.get("status"), 200, told)

    def test_a_certificate_may_be_listed_itself(self):
        with Server(hello, "lonely") as server:
            told = play_one("GET", server.url(), sources=authorities(server.name, certificate="lonely"))
            self.assertEqual(told.get("status"), 200, told)

    def test_they_count_for_no_other_host(self):
        """In either order: what one host may show is not kept for the next."""
        with Server(hello, "by-own") as one, Server(hello, "by-own", "127.0.0.2") as two:
            for words in ("GET", one.url(), "GET", two.url()), ("GET", two.url(), "GET", one.url()):
                told = play(*words, sources=authorities(one.name))
                by_url = dict(zip(words[1::2], told))
                self.assertEqual(by_url[one.url()].get("status"), 200, told)
                self.assertEqual(by_url[two.url()].get("code"), -3, told)
            self.assertEqual(two.requests, [])

    def test_nor_for_another_port_or_name_of_it(self):
        with Server(hello, "by-own") as one, Server(hello, "by-own") as two:
            told = play("GET", one.url(), "GET", two.url(), "GET", one.url("/", "localhost"), sources=authorities(one.name))
            self.assertEqual([line.get("status") for line in told], [200, None, None], told)
            told = play("GET", one.url(), sources=authorities("127.0.0.1"))
            self.assertEqual(told[0].get("code"), -3, told)

    def test_nor_where_that_host_redirects_to(self):
        with Server(hello, "by-own", "127.0.0.2") as far:
            with Server(lambda *_: redirect(far.url()), "by-own") as near:
                told = play_one("GET", near.url(), sources=authorities(near.name))
                self.assertEqual(told.get("code"), -3, told)
                self.assertEqual(far.requests, [])

    def test_an_expired_certificate_stays_refused(self):
        with Server(hello, "expired") as server:
            told = play_one("GET", server.url(), sources=authorities(server.name, certificate="system"))
            self.assertIn("not valid at this time", told["error"])


class SystemFolder(unittest.TestCase):
    """Authorities are found in it by their names; the file is read when that is not enough."""

    def told(self, server, file, **more):
        environment = {"SSL_CERT_DIR": path("folder"), "SSL_CERT_FILE": file and path(file)}
        return play("GET", server.url(), "GET", server.url(), environment=environment, **more)

    def test_one_in_the_folder(self):
        for file in "", "own.crt", "nowhere.crt":
            with Server(hello, "by-system") as server:
                self.assertEqual([line.get("status") for line in self.told(server, file)], [200, 200])
                self.assertEqual((server.connections, server.broken), (1, 0))

    def test_one_in_the_file(self):
        with Server(hello, "by-own") as server:
            self.assertEqual([line.get("status") for line in self.told(server, "own.crt")], [200, 200])
            self.assertEqual(server.connections, 2)

    def test_one_of_the_host_beside_them(self):
        with Server(hello, "by-own") as server:
            told = self.told(server, "system.crt", sources=authorities(server.name))
            self.assertEqual([line.get("status") for line in told], [200, 200])
            self.assertEqual(server.connections, 1)
        with Server(hello, "by-own") as server:
            told = self.told(server, "own.crt", sources=authorities(server.name, certificate="lonely"))
            self.assertEqual([line.get("status") for line in told], [200, 200])

    def test_one_in_neither(self):
        for certificate in "by-own", "lonely":
            with Server(hello, certificate) as server:
                told = self.told(server, "system.crt")
                self.assertEqual([line.get("code") for line in told], [-3, -3])
                self.assertEqual(server.requests, [])

    def test_names_and_times_are_checked_as_ever(self):
        for certificate in "elsewhere", "expired":
            with Server(hello, certificate) as server:
                self.assertEqual(self.told(server, "system.crt")[0].get("code"), -3)
                self.assertEqual(server.requests, [])


class Insecure(unittest.TestCase):
    def test_a_good_certificate_is_taken_as_such(self):
        with Server(hello, "by-system") as server:
            told = play_one("GET", server.url(), sources={"insecure_sources": [server.name]})
            self.assertEqual((told.get("status"), server.broken), (200, 0), told)

    def test_a_bad_one_after_that(self):
        for certificate in "by-own", "lonely", "expired", "elsewhere":
            with Server(hello, certificate) as server:
                told = play("GET", server.url(), "GET", server.url("/b"), sources={"insecure_sources": [server.name]})
                self.assertEqual([line.get("status") for line in told], [200, 200], told)
                # verified, then not; the second request has the connection of the first
                self.assertEqual(server.connections, 2)

    def test_plain_http_at_last_and_from_then_on(self):
        with Server(hello) as server:
            url = server.url("/", scheme="https")
            told = play("GET", url, "GET", url, sources={"insecure_sources": [server.name]})
            self.assertEqual([line.get("status") for line in told], [200, 200], told)
            self.assertEqual(told[0]["url"], url)
            self.assertEqual(len(server.requests), 2)
            self.assertEqual(server.connections, 3)

    def test_http_urls_are_for_them(self):
        with Server(hello) as server:
            told = play_one("GET", server.url(), sources={"insecure_sources": [server.name]})
            self.assertEqual(told.get("status"), 200, told)

    def test_no_other_host_is_meant(self):
        with Server(hello, "lonely") as one, Server(hello, "lonely", "127.0.0.2") as two:
            told = play("GET", one.url(), "GET", two.url(), "GET", one.url("/", "localhost"),
                        sources={"insecure_sources": [one.name, "127.0.0.2", "localhost"]})
            self.assertEqual([line.get("status") for line in told], [200, None, None], told)
            self.assertEqual(two.requests, [])

    def test_a_host_that_spoke_tls_is_not_asked_without_it(self):
        """The second connection is lost; a login must not go out in the clear for that."""
        with Server(lambda request, number: answer(200, Connection="close") if number == 0 else None, "by-own") as server:
            told = play("--authorization", "Bearer s3cr3t", "GET", server.url(), "GET", server.url(),
                        sources={"insecure_sources": [server.name]})
            self.assertEqual((told[0].get("status"), told[1].get("code")), (200, -3), told)
            self.assertEqual(server.broken, 1)  # the verified attempt, and no plain one

    def test_what_failed_both_ways_is_told(self):
        with Server(hello) as server:
            name = server.name
        told = play_one("GET", f"https://{name}/", sources={"insecure_sources": [name]})
        self.assertEqual(told["code"], -3)
        self.assertIn("without TLS", told["error"])


if __name__ == "__main__":
    unittest.main()
