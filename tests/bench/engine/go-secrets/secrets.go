package main

import (
	"regexp"
	"strings"
)

type secret struct {
	kind    string
	hint    string // a text without it cannot match: regular expressions are slow
	pattern *regexp.Regexp
}

var services = strings.Fields(`adobe aiven algolia alibaba artifactory asana atlassian auth azure beamer bitbucket bittrex
	clojars cloudflare codecov coinbase confluent contentful databricks datadog defined digitalocean discord doppler
	droneci dropbox duffel dynatrace easypost etsy facebook fastly finicity finnhub flickr flutterwave frame freshbooks
	gitea github gitlab gitter gocardless google grafana harness hashicorp heroku hubspot intercom jenkins jfrog kraken
	kucoin launchdarkly linear linkedin lob mailchimp mailgun mapbox mattermost messagebird netlify newrelic npm nuget
	okta openai opsgenie pagerduty plaid planetscale postman prefect pulumi pypi rapidapi readme rubygems scalingo
	sendbird sendgrid sendinblue sentry shippo shopify sidekiq slack snyk sonar square stripe sumologic telegram
	terraform travisci twilio twitch twitter typeform vault webex yandex zendesk`)

// secrets holds three patterns for each service, compiled before main.
var secrets = compile()

func compile() []secret {
	shapes := []string{
		`(?i)%_(?:api|access|app)?[_-]?(?:key|token|secret)[\s"']{0,3}(?:=|:|=>)[\s"']{0,5}([a-z0-9_\-]{24,64})\b`,
		`\b%(?:_|-)(?:live|test|prod)(?:_|-)[0-9a-zA-Z]{16,48}\b`,
		`(?i)https?://[^\s:@/]+:[^\s:@/]+@(?:[a-z0-9-]+\.)*%\.(?:com|io|net|dev)\b`,
	}
	var made []secret
	for _, service := range services {
		for _, shape := range shapes {
			pattern := regexp.MustCompile(strings.ReplaceAll(shape, "%", service))
			made = append(made, secret{kind: service, hint: service, pattern: pattern})
		}
	}
	return made
}

func secretIn(text string) string {
	lower := strings.ToLower(text)
	for _, secret := range secrets {
		if strings.Contains(lower, secret.hint) && secret.pattern.MatchString(text) {
			return secret.kind
		}
	}
	return ""
}
