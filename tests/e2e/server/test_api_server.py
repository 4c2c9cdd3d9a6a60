# SPDX-License-Identifier: Apache-2.0
"""What an API server makes of our answers (1.31.4 and 1.37.2 do the same): warnings and codes go to it as it would cut them itself.
Only `/validate` answers API servers; what audits and raw requests are answered stays as the policy says it."""
import unittest

from harness import HERE
from test_upstream import Row, document

POD = document("pod-plain")
RAW = b'{"request":{"uid":"r"}}'
EQUAL, CONTROL = ["d" * 1500] * 4, ["e\n" * 1500, "f" * 1500, "g" * 1500]


def says(answer, **more):
    return dict(more, module=f"file://{HERE}/policies/says-settings.wasm", settings={"answer": answer})


def warns(*warnings):
    return says({"accepted": True, "warnings": list(warnings)})


def refuses(code, **more):
    return says({"accepted": False, "message": "no", "code": code}, **more)


class ApiServer(Row):
    policies = {"equal": warns(*EQUAL), "control": warns(*CONTROL), "short": warns("", "a", "a", "b\n"), "long": warns("h" * 5000, "i"),
                **{str(code): refuses(code) for code in (200, 399, 400, 599, 600, 999, 65535)},
                "monitored": refuses(600, policyMode="monitor"), "custom": refuses(600, message="ask us")}

    def test_warnings_that_nobody_would_see_take_no_room(self):
        self.assertEqual(self.verdict("/validate/equal", POD)["warnings"], EQUAL[:1])
        self.assertEqual(self.verdict("/validate/control", POD)["warnings"], CONTROL[1:])
        self.assertEqual(self.verdict("/validate/long", POD)["warnings"], ["h" * 256, "i"])

    def test_a_short_list_stays_as_it_is(self):
        self.assertEqual(self.verdict("/validate/short", POD)["warnings"], ["", "a", "a", "b\n"])

    def test_others_get_all_warnings(self):
        self.assertEqual(self.verdict("/audit/equal", POD)["warnings"], EQUAL)
        self.assertEqual(self.verdict("/validate_raw/control", RAW)["warnings"], CONTROL)

    def test_a_code_that_is_no_status_of_http_is_500(self):
        for code in (200, 399, 400, 599, 600, 999, 65535):
            with self.subTest(code=code):
                told = code if code < 600 else 500
                self.assertEqual(self.verdict(f"/validate/{code}", POD)["status"], {"message": "no", "code": told})
                self.assertEqual(self.verdict(f"/audit/{code}", POD)["status"], {"message": "no", "code": code})
                self.assertEqual(self.verdict(f"/validate_raw/{code}", RAW)["status"], {"message": "no", "code": code})

    def test_it_keeps_the_operators_words(self):
        self.assertEqual(self.verdict("/validate/custom", POD)["status"], {
            "message": "ask us", "details": {"causes": [{"reason": None, "message": "no", "field": None}]}, "code": 500})
        self.assertTrue(self.verdict("/validate/monitored", POD)["allowed"])


if __name__ == "__main__":
    unittest.main()
