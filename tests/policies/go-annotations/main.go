// Requires annotations and adds default ones. A plain WASI program: the first argument says what to do, the question
// is on standard input, the answer goes to standard output.
package main

import (
	"errors"
	"io"
	"os"
)

func main() {
	input, err := io.ReadAll(os.Stdin)
	if err != nil {
		fail(err)
	}
	command := ""
	if len(os.Args) == 2 {
		command = os.Args[1]
	}

	var answer string
	switch command {
	case "validate":
		answer, err = validate(value(input))
	case "validate-settings":
		answer, err = validateSettings(value(input))
	default:
		err = errors.New("usage: policy.wasm validate|validate-settings")
	}
	if err != nil {
		fail(err)
	}
	os.Stdout.WriteString(answer)
}

func fail(err error) {
	os.Stderr.WriteString(err.Error() + "\n")
	os.Exit(1)
}

const accepted = `{"accepted":true}`

func validate(review value) (string, error) {
	request, settings := review.member("request"), review.member("settings")
	if request == nil {
		return "", errors.New("the review has no request")
	}
	object := request.member("object")
	if object.kind() != '{' {
		return accepted, nil
	}

	annotations := object.member("metadata").member("annotations")
	missing := settings.member("defaults").without(annotations)
	for key, wanted := range settings.member("required").members() {
		found := annotations.member(key.text())
		if found == nil {
			found = missing.lookup(key)
		}
		switch {
		case found == nil:
			return reject("annotation " + key.inner() + " is required"), nil
		case wanted.text() != "" && found.text() != wanted.text():
			return reject("annotation " + key.inner() + " must be " + wanted.inner()), nil
		}
	}
	if len(missing) == 0 {
		return accepted, nil
	}
	return `{"accepted":true,"mutated_object":` + string(annotate(object, missing)) + `}`, nil
}

// reject takes a message that is already escaped for JSON: it is made of pieces of JSON strings.
func reject(message string) string {
	return `{"accepted":false,"message":"` + message + `","code":400}`
}

// annotate is the object with members added to metadata.annotations, which may be missing or null, as may metadata.
func annotate(object value, added pairs) value {
	metadata := object.member("metadata")
	annotations := metadata.member("annotations")
	return object.with("metadata", metadata.with("annotations", annotations.append(added)))
}

func validateSettings(settings value) (string, error) {
	if settings.kind() != '{' {
		return "", errors.New("settings are not an object")
	}
	for name, group := range settings.members() {
		if name.text() != "required" && name.text() != "defaults" {
			return invalid("unknown setting " + name.inner()), nil
		}
		if group.kind() != '{' {
			return invalid(name.inner() + " is not an object"), nil
		}
		for key, wanted := range group.members() {
			if key.text() == "" {
				return invalid(name.inner() + " has an empty key"), nil
			}
			if wanted.kind() != '"' {
				return invalid(name.inner() + ": " + key.inner() + " is not a string"), nil
			}
		}
	}
	return `{"valid":true}`, nil
}

func invalid(message string) string {
	return `{"valid":false,"message":"` + message + `"}`
}
