{{- define "chimera.name" -}}
{{- $name := .Release.Name -}}
{{- if not (contains "chimera" $name) }}{{ $name = printf "%s-chimera-server" $name }}{{ end -}}
{{- $name | trunc 52 | trimSuffix "-" -}}
{{- end -}}

{{- define "chimera.selector" -}}
app.kubernetes.io/name: chimera-server
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end -}}

{{- define "chimera.labels" -}}
{{ include "chimera.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service | quote }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | quote }}
{{- end -}}

{{- define "chimera.image" -}}
{{- if .Values.image.digest }}{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else }}{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}{{ end -}}
{{- end -}}

{{- define "chimera.certificate" -}}
{{ .Values.certificate.secretName | default (printf "%s-certificate" (include "chimera.name" .)) }}
{{- end -}}

{{- define "chimera.policies" -}}
{{- if .Values.policiesConfigMap }}{{ .Values.policiesConfigMap }}
{{- else if .Values.policies }}{{ include "chimera.name" . }}-policies{{ end -}}
{{- end -}}

{{- define "chimera.account" -}}
{{- if .Values.serviceAccount.create }}{{ .Values.serviceAccount.name | default (include "chimera.name" .) }}
{{- else }}{{ .Values.serviceAccount.name | default "default" }}{{ end -}}
{{- end -}}
