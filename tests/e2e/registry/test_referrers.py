# SPDX-License-Identifier: Apache-2.0
"""Referrers of registries that have the list, have not, say neither, and lie."""
import json, unittest
from world import *

SUBJECT = digest_of(b"subject")
TAG = "/v2/a/manifests/" + SUBJECT.replace(":", "-")
LIST = "/v2/a/referrers/" + SUBJECT


def entry(number, **more):
    return {"mediaType": MANIFEST, "digest": digest_of(str(number)), "size": 7, **more}


def index(*entries, **more):
    return compact({"schemaVersion": 2, "mediaType": INDEX, "manifests": list(entries), **more})


def page(*entries, **headers):
    return 200, {"Content-Type": INDEX, **headers}, index(*entries)


def script(api=MISSING, tag=MISSING):
    def answer(request):
        got = api if request.path == LIST else tag if request.path == TAG else MISSING
        return got(request) if callable(got) else got
    return answer


class Listing(unittest.TestCase):
    def ask(self, subject=SUBJECT, options=(), **how):
        with Fake(script(**how)) as fake:
            got = play_one(fake.host, "referrers", "a@" + subject, sources=fake.insecure, options=options)
        return got, fake

    def found(self, **how):
        got, fake = self.ask(**how)
        self.assertEqual(got["code"], OK, got)
        return [entry["digest"] for entry in got["entries"]]

    def numbers(self, *numbers):
        return [digest_of(str(number)) for number in numbers]

    def test_both_places_are_read(self):
        self.assertEqual(self.found(), [])
        self.assertEqual(self.found(api=page(entry(1))), self.numbers(1))
        self.assertEqual(self.found(tag=page(entry(1))), self.numbers(1))
        self.assertEqual(self.found(api=page(entry(1), entry(2)), tag=page(entry(2), entry(3))), self.numbers(1, 2, 3))
        got, fake = self.ask()
        self.assertEqual(fake.seen(), ["GET " + LIST, "GET " + TAG])
        self.assertEqual(fake.requests[0].headers["Accept"], INDEX)

    def test_what_is_told_of_each(self):
        got, _ = self.ask(api=page(entry(1, artifactType="a/b", annotations={"k": "v"}), entry(2)))
        self.assertEqual(got["entries"], [{"type": MANIFEST, "digest": digest_of("1"), "size": 7, "artifact": "a/b"},
                                          {"type": MANIFEST, "digest": digest_of("2"), "size": 7, "artifact": None}])

    def test_registries_without_the_list(self):
        for api in ((404, {}, ""), (400, {}, ""), (405, {}, ""), (501, {}, ""), (200, {"Content-Type": "text/html"}, "<html>"),
                    (200, {"Content-Type": MANIFEST}, policy_manifest(b"x"))):
            self.assertEqual(self.found(api=api, tag=page(entry(1))), self.numbers(1))

    def test_failures_are_not_taken_for_none(self):
        for how, code in (({"api": (500, {}, "")}, EIO), ({"api": (403, {}, "")}, EREFUSED), ({"tag": (403, {}, "")}, EREFUSED),
                          ({"tag": (200, {"Content-Type": MANIFEST}, policy_manifest(b"x"))}, EINVAL),
                          ({"tag": (200, {"Content-Type": INDEX}, "{")}, EINVAL), ({"api": (200, {"Content-Type": INDEX}, "[]")}, EINVAL)):
            got, _ = self.ask(**how)
            self.assertEqual(got["code"], code, got)

    def test_pages(self):
        def pages(request):
            number = int(request.query.get("n", ["0"])[0])
            link = {0: f'<{LIST}?n=1>; rel="next"', 1: f'<x?n=9>; rel="prev", <?n=2&x=%2F>; title="a, b"; rel="next"',
                    2: f"<http://{request.headers['Host']}{LIST}?n=3>; rel=next"}.get(number)
            return page(entry(number), **({"Link": link} if link else {}))
        self.assertEqual(self.found(api=pages, tag=page(entry(9))), self.numbers(0, 1, 2, 3, 9))

    def test_pages_without_end(self):
        counter = iter(range(10 ** 6))
        for api in (page(entry(1), Link=f'<{LIST}>; rel="next"'), lambda _: page(entry(next(counter)), Link=f'<{LIST}?x>; rel="next"')):
            got, fake = self.ask(api=api)
            self.assertEqual(got["code"], ELIMIT)
            self.assertIn("more than 64 pages", got["error"])
            self.assertEqual(len(fake.requests), 64)

    def test_a_later_page_that_fails(self):
        got, _ = self.ask(api=lambda request: MISSING if request.query else page(entry(1), Link=f'<{LIST}?n=1>; rel="next"'))
        self.assertEqual(got["code"], EINVAL)

    def test_links_that_lead_elsewhere(self):
        for link in "http://127.0.0.2:1/x", "https://127.0.0.1:1/x", "ftp://127.0.0.1/x", "http://u:p@127.0.0.1/x":
            got, fake = self.ask(api=page(entry(1), Link=f'<{link}>; rel="next"'))
            self.assertEqual(got["code"], EREFUSED, got)
        self.assertEqual(self.found(api=page(entry(1), Link='no link; rel="next"')), self.numbers(1))

    def test_thousands(self):
        self.assertEqual(len(self.found(api=page(*map(entry, range(5000))), tag=page(*map(entry, range(4000, 7000))))), 7000)
        for how in ({"api": page(*map(entry, range(8193)))}, {"api": page(*map(entry, range(5000))), "tag": page(*map(entry, range(5000, 9000)))},
                    {"api": page(entry(1, annotations={"a": "x" * (5 << 20)}))}):
            got, _ = self.ask(**how)
            self.assertEqual(got["code"], ELIMIT, got)

    def test_a_long_digest_has_a_short_tag(self):
        subject = digest_of(b"subject", "sha512")
        _, fake = self.ask(subject=subject)
        self.assertEqual(fake.seen(), [f"GET /v2/a/referrers/{subject}", "GET /v2/a/manifests/sha512-" + subject[7:71]])

    def test_a_mirror_without_any_is_no_answer(self):
        for api, want in ((MISSING, [digest_of("1")]), (page(), [digest_of("1")]), (page(entry(2)), [digest_of("2")])):
            with Fake(script(api=api)) as mirror, Fake(script(api=page(entry(1)))) as home:
                sources = {**insecure(mirror.host, home.host), "mirrors": {home.host: [mirror.host]}}
                got = play_one(home.host, "referrers", "a@" + SUBJECT, sources=sources)
            self.assertEqual([entry["digest"] for entry in got["entries"]], want)


class Shelf(Fake):
    """Keeps what is put at the tag; `spoil` may change it behind the back of who put it."""

    def __init__(self, bytes=None, spoil=lambda bytes, number: bytes):
        super().__init__(self.serve)
        self.bytes, self.spoil, self.puts = bytes, spoil, []

    def serve(self, request):
        if request.path != TAG:
            return MISSING
        if request.method == "PUT":
            self.puts.append((request.headers["Content-Type"], request.body))
            self.bytes = self.spoil(request.body, len(self.puts))
            return 201, {}, ""
        return (200, {"Content-Type": INDEX}, self.bytes) if self.bytes is not None else MISSING


class Adding(unittest.TestCase):
    def add(self, number=1, **shelf):
        with Shelf(**shelf) as fake:
            got = play_one(fake.host, "add-referrer", "a@" + SUBJECT, "a/b", digest_of(str(number)), 7, sources=fake.insecure)
        return got, fake

    ours = {"annotations": {"by": "registry-play"}, "artifactType": "a/b", **entry(1)}

    def test_the_first_one_makes_the_index(self):
        got, fake = self.add()
        self.assertEqual(got["code"], OK, got)
        self.assertEqual(fake.puts, [(INDEX, json.dumps({"manifests": [self.ours], "mediaType": INDEX, "schemaVersion": 2},
                                                        sort_keys=True, separators=(",", ":")).encode())])

    def test_what_others_have_added_stays(self):
        other = entry(2, data="e30=", platform={"os": "linux", "architecture": "x", "x": [1.5, None]})
        got, fake = self.add(bytes=index(other, annotations={"k": "v"}, z=[{}]))
        self.assertEqual(json.loads(fake.bytes), {"schemaVersion": 2, "mediaType": INDEX, "annotations": {"k": "v"}, "z": [{}],
                                                  "manifests": [other, self.ours]})

    def test_nothing_is_there_twice(self):
        got, fake = self.add(bytes=index(entry(2), entry(1)))
        self.assertEqual((got["code"], fake.puts), (OK, []))

    def test_one_that_another_has_overwritten_is_added_again(self):
        got, fake = self.add(spoil=lambda bytes, number: index(entry(5)) if number == 1 else bytes)
        self.assertEqual((got["code"], len(fake.puts)), (OK, 2))
        self.assertEqual([line["digest"] for line in json.loads(fake.bytes)["manifests"]], [digest_of("5"), digest_of("1")])
        got, fake = self.add(spoil=lambda bytes, number: index(entry(5)))
        self.assertEqual((got["code"], len(fake.puts)), (EIO, 4))

    def test_what_is_no_index_is_not_overwritten(self):
        for kept in policy_manifest(b"x"), b"{", b"", index(entry(1, size="7")), index(*map(entry, range(10, 8203))):
            got, fake = self.add(bytes=kept)
            self.assertLess(got["code"], 0)
            self.assertEqual((fake.bytes, fake.puts), (kept, []))

    def test_an_index_that_is_full(self):
        room = (4 << 20) - len(index(entry(2, annotations={"x": ""})))
        kept = index(entry(2, annotations={"x": "y" * room}))
        got, fake = self.add(bytes=kept)
        self.assertEqual((got["code"], fake.puts), (ELIMIT, []))
        self.assertIn("is full", got["error"])


if __name__ == "__main__":
    unittest.main()
