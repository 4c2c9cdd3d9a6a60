# Requires labels, in the shape of a Gatekeeper constraint template. `input.parameters.labels` is a list of
# {"key": name, "allowedRegex": pattern}; the pattern may be left out.
package policy

violation contains {"msg": message, "details": {"missing_labels": missing}} if {
	labels := object.get(input.review.object, ["metadata", "labels"], {})
	missing := {wanted.key | some wanted in input.parameters.labels} - object.keys(labels)
	input.review.operation != "DELETE"
	count(missing) > 0
	message := sprintf("you must provide labels: %s", [concat(", ", sort(missing))])
}

violation contains {"msg": message} if {
	some wanted in input.parameters.labels
	value := input.review.object.metadata.labels[wanted.key]
	not regex.match(wanted.allowedRegex, value)
	message := sprintf("label <%s: %s> does not satisfy allowed regex: %s", [wanted.key, value, wanted.allowedRegex])
}
