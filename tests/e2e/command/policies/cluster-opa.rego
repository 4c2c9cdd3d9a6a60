# SPDX-License-Identifier: Apache-2.0
# Refuses, and says what it found of the cluster and in its settings.
package policy

main := {"response": {
	"uid": input.request.uid,
	"allowed": false,
	"status": {"message": json.marshal({"kubernetes": data.kubernetes, "mine": data.mine})},
}}
