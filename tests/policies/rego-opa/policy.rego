# Refuses images that can change under their name: without a tag, or tagged `latest`, unless they are given by digest.
# Settings arrive as data: `exempt_registries` lists prefixes to leave alone.
package policy

main := {"response": answer}

answer := {"uid": input.request.uid, "allowed": true} if count(violations) == 0

answer := {
	"uid": input.request.uid,
	"allowed": false,
	"status": {"message": concat(", ", sort(violations))},
} if count(violations) > 0

violations contains message if {
	some list in ["initContainers", "containers", "ephemeralContainers"]
	some container in input.request.object.spec[list]
	not exempt(container.image)
	movable(container.image)
	message := sprintf("container %s: image %s can change under its name", [container.name, container.image])
}

exempt(image) if {
	some prefix in data.exempt_registries
	startswith(image, prefix)
}

movable(image) if endswith(image, ":latest")

movable(image) if {
	not contains(image, "@")
	segments := split(image, "/")
	not contains(segments[count(segments) - 1], ":")
}
