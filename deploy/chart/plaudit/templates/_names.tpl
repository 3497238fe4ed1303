{{- define "plaudit.image" -}}
{{- $repository := required "image.repository: where is the image that deploy/Dockerfile makes?" .Values.image.repository -}}
{{- if .Values.image.digest -}}
{{ $repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ $repository }}:{{ default .Chart.AppVersion .Values.image.tag }}
{{- end -}}
{{- end -}}

{{/* What is of one part of one release; a dict of root and part. */}}
{{- define "plaudit.selector" -}}
app.kubernetes.io/name: plaudit
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- with .part }}
app.kubernetes.io/component: {{ . }}
{{- end }}
{{- end -}}

{{- define "plaudit.labels" -}}
{{ include "plaudit.selector" . }}
app.kubernetes.io/part-of: plaudit
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ .root.Chart.Name }}-{{ .root.Chart.Version }}
{{- end -}}

{{- define "plaudit.services" -}}
ingest scoring recognition rewards analytics
{{- end -}}
