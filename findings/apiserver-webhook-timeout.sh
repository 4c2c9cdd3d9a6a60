#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# kube-apiserver 1.37.2 calling an admission webhook within a caller's ?timeout=1500ms (its own plugin, package
# k8s.io/apiserver/pkg/admission/plugin/webhook/validating):
#
# - It tells the webhook how long it will wait, by ?timeout= in its URL, and says 2s: what is left is rounded up to
#   whole seconds. It does not wait that long.
# - So a webhook that heeds what it was told, and answers after 1.8 s, is too late; to the caller it is one that
#   does not answer.
#
# Seen: a deadline of 1.5 s, told: 2s
#       given up before the webhook answered: Internal error occurred: failed calling webhook "w.example.com": … context deadline exceeded
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

GOTOOLCHAIN=go1.26.8 GOPATH=$work/go GOFLAGS='-mod=mod -modcacherw'
export GOTOOLCHAIN GOPATH GOFLAGS
printf '%s\n' 'module finding' 'go 1.26.8' 'require (' 'k8s.io/api v0.37.2' 'k8s.io/apimachinery v0.37.2' \
    'k8s.io/apiserver v0.37.2' 'k8s.io/client-go v0.37.2' ')' > go.mod
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=webhook \
    -addext subjectAltName=IP:127.0.0.1 -keyout key.pem -out cert.pem 2> log
cat > main.go <<'GO'
package main

import ("context"; "fmt"; "net"; "net/http"; "os"; "strings"; "sync/atomic"; "time"
	registration "k8s.io/api/admissionregistration/v1"
	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/admission/plugin/webhook/validating"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/util/webhook"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/kubernetes/scheme")

func must[T any](value T, err error) T {
	if err != nil { panic(err) }
	return value
}

func main() {
	var told atomic.Value
	var hasAnswered atomic.Bool
	listener := must(net.Listen("tcp", "127.0.0.1:0"))
	server := http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		told.Store(r.URL.Query().Get("timeout"))
		time.Sleep(1800 * time.Millisecond)
		hasAnswered.Store(true)
	})}
	go server.ServeTLS(listener, "cert.pem", "key.pem")

	address, none := "https://" + listener.Addr().String(), registration.SideEffectClassNone
	fail, seconds, exact := registration.Fail, int32(10), registration.Exact
	client := fake.NewClientset(&core.Namespace{ObjectMeta: meta.ObjectMeta{Name: "n"}}, &registration.ValidatingWebhookConfiguration{
		ObjectMeta: meta.ObjectMeta{Name: "w"}, Webhooks: []registration.ValidatingWebhook{{
			Name: "w.example.com", SideEffects: &none, AdmissionReviewVersions: []string{"v1"}, TimeoutSeconds: &seconds, FailurePolicy: &fail,
			MatchPolicy: &exact, NamespaceSelector: &meta.LabelSelector{}, ObjectSelector: &meta.LabelSelector{},
			ClientConfig: registration.WebhookClientConfig{URL: &address, CABundle: must(os.ReadFile("cert.pem"))},
			Rules: []registration.RuleWithOperations{{Operations: []registration.OperationType{"*"},
				Rule: registration.Rule{APIGroups: []string{"*"}, APIVersions: []string{"*"}, Resources: []string{"*"}}}}}}})
	informer := informers.NewSharedInformerFactory(client, 0)
	plugin := must(validating.NewValidatingAdmissionWebhook(nil))
	plugin.SetExternalKubeClientSet(client)
	plugin.SetExternalKubeInformerFactory(informer)
	plugin.SetServiceResolver(webhook.NewDefaultServiceResolver())
	stop := make(chan struct{})
	plugin.SetDrainedNotification(stop)
	if err := plugin.ValidateInitialization(); err != nil { panic(err) }
	informer.Start(stop)
	informer.WaitForCacheSync(stop)

	pod := &core.Pod{TypeMeta: meta.TypeMeta{APIVersion: "v1", Kind: "Pod"}, ObjectMeta: meta.ObjectMeta{Name: "p", Namespace: "n"}}
	attributes := admission.NewAttributesRecord(pod, nil, core.SchemeGroupVersion.WithKind("Pod"), "n", "p",
		core.SchemeGroupVersion.WithResource("pods"), "", admission.Create, &meta.CreateOptions{}, false, &user.DefaultInfo{Name: "u"})
	objects := admission.NewObjectInterfacesFromScheme(scheme.Scheme)
	ctx, cancel := context.WithTimeout(context.Background(), 1500*time.Millisecond)
	defer cancel()
	err := plugin.Validate(ctx, attributes, objects)
	isLate := !hasAnswered.Load()
	fmt.Printf("a deadline of 1.5 s, told: %v\n", told.Load())
	fmt.Printf("given up before the webhook answered: %v\n", err)
	if told.Load() != "2s" || err == nil || !strings.Contains(err.Error(), "context deadline exceeded") || !isLate {
		fmt.Println("changed")
		os.Exit(1)
	}
	fmt.Println("as stated")
}
GO
go build -o finding . 2> log || { cat log; exit 77; }
go list -m k8s.io/apiserver
./finding
