// Refuses Pods whose environment holds a secret, and images that no registry on a list serves. Real-shaped where it
// costs: encoding/json into typed objects, and a table of regular expressions that is compiled at the start (several
// milliseconds, as large as what cel-policy does before it reads). A plain WASI program, as ../../../policies/go-annotations.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

func main() {
	input, err := io.ReadAll(os.Stdin)
	if err != nil {
		fail(err)
	}
	var answer string
	switch {
	case len(os.Args) == 2 && os.Args[1] == "validate":
		answer, err = validate(value(input))
	case len(os.Args) == 2 && os.Args[1] == "validate-settings":
		answer = `{"valid":true}`
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

type value []byte

type settings struct {
	Registries []string `json:"registries"`
}

type response struct {
	Accepted bool   `json:"accepted"`
	Message  string `json:"message,omitempty"`
	Code     int    `json:"code,omitempty"`
}

func validate(review value) (string, error) {
	var question struct {
		Request  admissionRequest `json:"request"`
		Settings settings         `json:"settings"`
	}
	if err := json.Unmarshal(review, &question); err != nil {
		return "", err
	}
	answer := response{Accepted: true}
	if found := problems(&question.Request.Object.Spec, question.Settings); len(found) > 0 {
		answer = response{Message: strings.Join(found, "; "), Code: 400}
	}
	text, err := json.Marshal(answer)
	return string(text), err
}

func problems(spec *podSpec, settings settings) (found []string) {
	containers := append(append([]container(nil), spec.InitContainers...), spec.Containers...)
	for _, c := range containers {
		if !served(c.Image, settings.Registries) {
			found = append(found, fmt.Sprintf("container %s: no registry on the list serves %s", c.Name, c.Image))
		}
		for _, variable := range c.Env {
			if kind := secretIn(variable.Value); kind != "" {
				found = append(found, fmt.Sprintf("container %s: %s holds a secret: %s", c.Name, variable.Name, kind))
			}
		}
	}
	return found
}

func served(image string, registries []string) bool {
	for _, registry := range registries {
		if strings.HasPrefix(image, registry) {
			return true
		}
	}
	return len(registries) == 0
}
