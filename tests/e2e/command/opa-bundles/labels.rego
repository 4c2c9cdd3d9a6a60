# SPDX-License-Identifier: Apache-2.0
package labels

missing contains label if {
	some label in data.wanted
	not input.request.object.metadata.labels[label]
}

main := {
	"apiVersion": "admission.k8s.io/v1",
	"kind": "AdmissionReview",
	"response": {
		"uid": input.request.uid,
		"allowed": count(missing) == 0,
		"status": {"message": sprintf("team %s wants %v, limit %v", [data.team.name, concat(",", missing), data.team.limit])},
	},
}
