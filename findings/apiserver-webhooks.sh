#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# kube-apiserver 1.31.4 calling admission webhooks (its own client, package k8s.io/apiserver/pkg/util/webhook):
#
# - It speaks HTTP/1.1 to a webhook that offers h2; only a webhook given by a URL on localhost gets HTTP/2. So
#   what one tries on one's own machine is not what runs in a cluster.
# - A POST that is answered 500 (or any 5xx, or 429) with Retry-After is sent again, though the answer says that
#   it failed.
# - It keeps 25 idle connections to a webhook. A hundred calls at a time, four times, took 324 connections: a
#   hundred, and then, each time, 25 kept ones and the rest anew, with a TLS handshake each.
#
# Seen: as a Service: HTTP/1.1; by a URL on localhost: HTTP/2.0
#       requests of one call that was answered 500 twice: 3
#       connections of four times 100 calls: 324
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

GOTOOLCHAIN=go1.26.8 GOPATH=$work/go GOFLAGS='-mod=mod -modcacherw'
export GOTOOLCHAIN GOPATH GOFLAGS
printf '%s\n' 'module finding' 'go 1.26.8' \
    'require (' 'k8s.io/api v0.31.4' 'k8s.io/apimachinery v0.31.4' 'k8s.io/apiserver v0.31.4' ')' > go.mod
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=webhook \
    -addext subjectAltName=DNS:webhook.example.svc,IP:127.0.0.1 -keyout key.pem -out cert.pem 2> log
cat > main.go <<'GO'
package main

import ("context"; "fmt"; "net"; "net/http"; "net/url"; "os"; "sync"; "sync/atomic"; "time"
	admission "k8s.io/api/admission/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/util/webhook")

const allowed = `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":{"uid":"u","allowed":true}}`

type here string

func (h here) ResolveEndpoint(string, string, int32) (*url.URL, error) { return &url.URL{Host: string(h)}, nil }

func must[T any](value T, err error) T {
	if err != nil { panic(err) }
	return value
}

var connections, requests, refusals atomic.Int32
var protocol atomic.Value

func answer(w http.ResponseWriter, r *http.Request) {
	protocol.Store(r.Proto)
	if requests.Add(1) <= refusals.Load() {
		w.Header().Set("Retry-After", "0")
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	time.Sleep(300 * time.Millisecond)
	fmt.Fprint(w, allowed)
}

func main() {
	listener := must(net.Listen("tcp", "127.0.0.1:0"))
	server := http.Server{Handler: http.HandlerFunc(answer), ConnState: func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew { connections.Add(1) }
	}}
	go server.ServeTLS(listener, "cert.pem", "key.pem")
	manager := must(webhook.NewClientManager([]schema.GroupVersion{admission.SchemeGroupVersion}, admission.AddToScheme))
	manager.SetServiceResolver(here(listener.Addr().String()))
	manager.SetAuthenticationInfoResolver(must(webhook.NewDefaultAuthenticationInfoResolver("")))
	service := webhook.ClientConfig{CABundle: must(os.ReadFile("cert.pem")),
		Service: &webhook.ClientConfigService{Name: "webhook", Namespace: "example", Port: 443}}
	call := func(config webhook.ClientConfig) any {
		review := &admission.AdmissionReview{Request: &admission.AdmissionRequest{UID: "u"}}
		must(0, must(manager.HookClient(config)).Post().Body(review).Do(context.Background()).Error())
		return protocol.Load()
	}
	byService := call(service)
	byURL := call(webhook.ClientConfig{CABundle: service.CABundle, URL: "https://" + listener.Addr().String()})
	fmt.Printf("as a Service: %v; by a URL on localhost: %v\n", byService, byURL)
	requests.Store(0)
	refusals.Store(2)
	call(service)
	sent := requests.Load()
	fmt.Println("requests of one call that was answered 500 twice:", sent)
	connections.Store(0)
	for range 4 {
		var group sync.WaitGroup
		for range 100 { group.Go(func() { call(service) }) }
		group.Wait()
	}
	fmt.Println("connections of four times 100 calls:", connections.Load())
	if byService != "HTTP/1.1" || byURL != "HTTP/2.0" || sent != 3 || connections.Load() < 250 {
		fmt.Println("changed")
		os.Exit(1)
	}
	fmt.Println("as stated")
}
GO
go build -o finding . 2> log || { cat log; exit 77; }
go list -m k8s.io/apiserver
./finding
