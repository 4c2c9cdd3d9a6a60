# What options of ours change for a policy: builtins that fail, hosts, another rule, what is printed.
package options

import rego.v1

# The request's member says what is tried; the message is what came of it, or "undefined".
main := {"response": {"uid": input.request.uid, "allowed": true, "status": {"message": outcome}}}

other := {"response": {"uid": input.request.uid, "allowed": false, "status": {"message": "another rule"}}}

default outcome := "undefined"

outcome := json.marshal(tried) if tried

tried := sort(net.lookup_ip_addr(input.request.lookup))

tried := {"status": answer.status_code, "body": answer.body} if {
	answer := http.send(input.request.send)
}

tried := [first.body, second.body] if {
	first := http.send(input.request.twice)
	second := http.send(input.request.twice)
}

tried := hex.decode(input.request.hex)

tried := regex.split("-", input.request.split)

tried := "printed" if {
	print("said:", input.request.print)
	trace(sprintf("traced: %v", [input.request.print]))
}
