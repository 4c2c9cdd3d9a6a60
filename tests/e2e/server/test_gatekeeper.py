# SPDX-License-Identifier: Apache-2.0
"""What a Gatekeeper policy answers, and what becomes of it (guest-abis.md §4.3, policy-server.md §10)."""
import os, unittest

import harness
from harness import Server, review

POLICY = {"module": "file://" + os.path.join(harness.HERE, "policies", "gatekeeper-answers.wasm")}
WANTED = "expected a set of objects, each with a string `msg`, which is empty when all is well"
OBJECT = "expected an object with a string `msg`"
# The result set, and: True for allowed; the message of a denial; or what is wrong with it (in a list).
ANSWERS = [
    ('[{"result":[]}]', True),
    ('[{"result":[{"msg":"a"}]}]', "a"),
    ('[{"result":[{"msg":"a","details":{}},{"msg":"\\u00e9"}]},{"result":[]}]', "a, é"),
    ('[{"result":[{}]}]', ""),
    ('[{"result":[{"msg":null},{"msg":""},{"msg":"b"}]}]', ", b"),
    ('[]', ["found nothing, for the entry point is undefined, but " + WANTED, "violation contains"]),
    ('[{"result":true}]', ["found a boolean, but " + WANTED]),
    ('[{"result":{"msg":"a"}}]', ["found an object, but " + WANTED]),
    ('[{"result":"no"}]', ["found a string, but " + WANTED]),
    ('[{"result":1}]', ["found a number, but " + WANTED]),
    ('[{"result":null}]', ["found null, but " + WANTED]),
    ('[{"result":["no root"]}]', ['violation 1: invalid type: string "no root", ' + OBJECT]),
    ('[{"result":[{"msg":"a"},["b"]]}]', ["violation 2: invalid type: sequence, " + OBJECT]),
    ('[{"result":[{"msg":"a"},null]}]', ["violation 2: invalid type: null, " + OBJECT]),
    ('[{"result":[{"msg":3}]}]', ["violation 1: msg: invalid type: integer `3`, expected a string"]),
    ('[{"result":[{"msg":["a"]}]}]', ["violation 1: msg: invalid type: sequence, expected a string"]),
    ('[{"other":[]}]', ["no result set"]), ('{"result":[]}', ["no result set"]), ('"nonsense"', ["no result set"]), ('[1]', ["no result set"])]


class Answers(unittest.TestCase):
    def test_answers_are_read_or_refused_with_what_was_found(self):
        with Server({"p": POLICY, "not": {"expression": "!m()", "message": "no", "policies": {"m": POLICY}}}) as server:
            for answer, wanted in ANSWERS:
                # The policy looks for bytes, so they must stand there so.
                body = review(object="@@").replace(b'"@@"', b'{"answer":%s,"z":"@"}' % answer.encode())
                response = server.verdict("/validate/p", body)
                with self.subTest(answer=answer):
                    self.assertEqual(response["allowed"], wanted is True)
                    if isinstance(wanted, str):
                        self.assertEqual(response["status"], {"message": wanted})
                    elif wanted is not True:
                        self.assertEqual(response["status"]["code"], 500)
                        text = response["status"]["message"]
                        self.assertTrue(text.startswith("internal server error: cannot interpret Gatekeeper policy result: "), text)
                        for part in wanted:
                            self.assertIn(part, text)
                        self.assertFalse(server.verdict("/validate/not", body)["allowed"])


if __name__ == "__main__":
    unittest.main()
