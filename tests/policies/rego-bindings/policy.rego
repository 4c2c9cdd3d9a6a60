# Refuses a RoleBinding that gives a role to somebody who has it already by another one: it looks at all of the cluster's.
package bindings

import rego.v1

main := {"response": answer}

asked := {subject.name | some subject in input.request.object.subjects}

all_bindings := [binding | some space; some name; binding := data.kubernetes.rolebindings[space][name]]

same := {binding.metadata.name |
	some binding in all_bindings
	binding.roleRef.name == input.request.object.roleRef.name
	some subject in binding.subjects
	subject.name in asked
}

answer := {"uid": input.request.uid, "allowed": count(same) == 0, "status": {"message": sprintf("%d of %d", [count(same), count(all_bindings)])}}
