{{/* A value as its variable has it: Helm would write a million as 1e+06. */}}
{{- define "plaudit.text" -}}
{{- if and (kindIs "float64" .) (eq . (floor .)) -}}
{{ printf "%.0f" . }}
{{- else -}}
{{ toString . }}
{{- end -}}
{{- end -}}

{{/* Variables of a process, all but its secrets, which come from its Secret; a dict of root and part. */}}
{{- define "plaudit.settings" -}}
{{- $values := .root.Values -}}
{{- $settings := dict -}}
{{- $isService := has .part (splitList " " (include "plaudit.services" .)) -}}
{{- if or $isService (eq .part "provision") -}}
{{- $_ := set $settings "PLAUDIT_KAFKA" (required "kafka.servers: where is Kafka?" $values.kafka.servers) -}}
{{- $_ := set $settings "PLAUDIT_KAFKA_TLS" (ternary "true" "false" $values.kafka.tls) -}}
{{- if $values.kafka.caSecret -}}
{{- $_ := set $settings "PLAUDIT_KAFKA_CA_FILE" "/etc/plaudit/kafka/ca.crt" -}}
{{- end -}}
{{- end -}}
{{- if or $isService (eq .part "console") -}}
{{- $url := required "postgres.url: where is PostgreSQL?" $values.postgres.url -}}
{{- if $values.postgres.caSecret -}}
{{- $url = printf "%s?sslmode=verify-full&sslrootcert=/etc/plaudit/postgres/ca.crt" $url -}}
{{- end -}}
{{- $_ := set $settings "PLAUDIT_POSTGRES_URL" $url -}}
{{- end -}}
{{- if ne .part "provision" -}}
{{- $_ := set $settings "PLAUDIT_HTTP_HOST" "0.0.0.0" -}}
{{- $_ := set $settings "PLAUDIT_HTTP_PORT" "8100" -}}
{{- end -}}
{{- if $isService -}}
{{- if not $values.podNetworks -}}
{{- fail "podNetworks: which are the networks of the cluster's pods? The console and the gateway are in them." -}}
{{- end -}}
{{- $_ := set $settings "PLAUDIT_TRUSTED_PROXIES" (join "," $values.podNetworks) -}}
{{- if eq .part "ingest" -}}
{{- $_ := set $settings "PLAUDIT_PUBLIC_URL" (required "consoleUrl: where do people reach the console?" $values.consoleUrl) -}}
{{- end -}}
{{- else if ne .part "provision" -}}
{{- $_ := set $settings "PLAUDIT_TRUSTED_PROXIES" (join "," $values.proxyNetworks) -}}
{{- $_ := set $settings "PLAUDIT_METRICS_PORT" "9100" -}}
{{- range $service := splitList " " (include "plaudit.services" .) -}}
{{- $_ := set $settings (printf "PLAUDIT_%s_URL" (upper $service)) (printf "http://%s-%s:8100" $.root.Release.Name $service) -}}
{{- end -}}
{{- end -}}
{{- if has .part (list "console" "recognition") -}}
{{- $_ := set $settings "PLAUDIT_CREDENTIALS_URL" (required "gatewayUrl: where do platforms deliver?" $values.gatewayUrl) -}}
{{- end -}}
{{- if eq .part "console" -}}
{{- $_ := set $settings "PLAUDIT_CONSOLE_URL" $values.consoleUrl -}}
{{- $_ := set $settings "PLAUDIT_GATEWAY_URL" $values.gatewayUrl -}}
{{- end -}}
{{- if ne .part "provision" -}}
{{- $own := $isService | ternary (get $values.services .part) (get $values .part) -}}
{{- /* By hand: merging takes an empty value for none. */}}
{{- range $given := list $values.settings $own.settings -}}
{{- range $name, $value := $given -}}
{{- $_ := set $settings $name $value -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- range $name, $value := $settings }}
- name: {{ $name }}
  value: {{ include "plaudit.text" $value | quote }}
{{- end }}
{{- end -}}
