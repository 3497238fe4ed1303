{{/* The pod of a process; a dict of root, part, role ("" for none), command (a list) and resources. */}}
{{- define "plaudit.pod" -}}
{{- $values := .root.Values -}}
{{- $isJob := eq .part "provision" -}}
{{- $hasKafka := not (has .part (list "console" "gateway")) -}}
{{- $hasPostgres := ne .part "gateway" -}}
metadata:
  labels:
    {{- include "plaudit.labels" . | nindent 4 }}
    {{- with .role }}
    plaudit/role: {{ . }}
    plaudit/answers: {{ ternary "no" "yes" (eq . "worker") | quote }}
    {{- end }}
spec:
  # None of them asks Kubernetes for anything.
  automountServiceAccountToken: false
  # Else each Service would be variables of every process, some of which begin with PLAUDIT_.
  enableServiceLinks: false
  {{- with $values.image.pullSecrets }}
  imagePullSecrets:
    {{- range . }}
    - name: {{ . }}
    {{- end }}
  {{- end }}
  securityContext:
    runAsNonRoot: true
    runAsUser: 10001
    runAsGroup: 10001
    fsGroup: 10001
    seccompProfile: { type: RuntimeDefault }
  {{- if $isJob }}
  restartPolicy: Never
  {{- else }}
  # Longer than PLAUDIT_STOP_MAX_SECONDS and the pause before.
  terminationGracePeriodSeconds: 30
  topologySpreadConstraints:
    {{- range $topology := list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
    - maxSkew: 1
      topologyKey: {{ $topology }}
      whenUnsatisfiable: {{ $values.spread.whenUnsatisfiable }}
      # The pods of one version are spread; those of the one before go anyway.
      matchLabelKeys: [pod-template-hash]
      labelSelector:
        matchLabels:
          {{- include "plaudit.selector" $ | nindent 10 }}
          {{- with $.role }}
          plaudit/role: {{ . }}
          {{- end }}
    {{- end }}
  {{- end }}
  containers:
    - name: {{ .part }}
      image: {{ include "plaudit.image" .root | quote }}
      imagePullPolicy: {{ $values.image.pullPolicy }}
      command: {{ toJson .command }}
      env:
        {{- include "plaudit.settings" . | trim | nindent 8 }}
      {{- with get $values.secrets .part }}
      envFrom:
        - secretRef: { name: {{ . }} }
      {{- end }}
      resources: {{- toYaml .resources | nindent 8 }}
      securityContext:
        allowPrivilegeEscalation: false
        readOnlyRootFilesystem: true
        capabilities: { drop: [ALL] }
      volumeMounts:
        - { name: temporary, mountPath: /tmp }
        {{- if and $hasKafka $values.kafka.caSecret }}
        - { name: kafka-ca, mountPath: /etc/plaudit/kafka, readOnly: true }
        {{- end }}
        {{- if and $hasPostgres $values.postgres.caSecret }}
        - { name: postgres-ca, mountPath: /etc/plaudit/postgres, readOnly: true }
        {{- end }}
      {{- if not $isJob }}
      ports:
        - { name: http, containerPort: 8100 }
        {{- if not $hasKafka }}
        - { name: metrics, containerPort: 9100 }
        {{- end }}
      # It listens once it has reached its database and Kafka, for which it waits: an hour, before it is started again.
      startupProbe:
        httpGet: { path: /livez, port: http }
        periodSeconds: 2
        failureThreshold: 1800
      livenessProbe:
        httpGet: { path: /livez, port: http }
        periodSeconds: 10
        timeoutSeconds: 5
        failureThreshold: 6
      readinessProbe:
        httpGet: { path: /readyz, port: http }
        periodSeconds: 5
        timeoutSeconds: 5
        failureThreshold: 2
      lifecycle:
        # Whoever still sends here hears meanwhile that it goes.
        preStop: { sleep: { seconds: 5 } }
      {{- end }}
  volumes:
    - name: temporary
      emptyDir: { sizeLimit: {{ $values.temporary.sizeLimit }} }
    {{- if and $hasKafka $values.kafka.caSecret }}
    - name: kafka-ca
      secret: { secretName: {{ $values.kafka.caSecret }}, items: [{ key: ca.crt, path: ca.crt }] }
    {{- end }}
    {{- if and $hasPostgres $values.postgres.caSecret }}
    - name: postgres-ca
      secret: { secretName: {{ $values.postgres.caSecret }}, items: [{ key: ca.crt, path: ca.crt }] }
    {{- end }}
{{- end -}}

{{/* A Deployment with its disruption budget; a dict like that of a pod, with name, replicas and isScaled. */}}
{{- define "plaudit.deployment" -}}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .name }}
  labels: {{- include "plaudit.labels" . | nindent 4 }}
spec:
  {{- if not .isScaled }}
  replicas: {{ .replicas }}
  {{- end }}
  revisionHistoryLimit: 5
  strategy:
    rollingUpdate: { maxUnavailable: 0, maxSurge: 1 }
  selector:
    matchLabels:
      {{- include "plaudit.selector" . | nindent 6 }}
      {{- with .role }}
      plaudit/role: {{ . }}
      {{- end }}
  template: {{- include "plaudit.pod" . | nindent 4 }}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ .name }}
  labels: {{- include "plaudit.labels" . | nindent 4 }}
spec:
  maxUnavailable: 1
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels:
      {{- include "plaudit.selector" . | nindent 6 }}
      {{- with .role }}
      plaudit/role: {{ . }}
      {{- end }}
{{- end -}}

{{/* Where a part is within the cluster; a dict of root and part, and whether only some of its roles answer. */}}
{{- define "plaudit.service" -}}
---
apiVersion: v1
kind: Service
metadata:
  name: {{ .root.Release.Name }}-{{ .part }}
  labels: {{- include "plaudit.labels" . | nindent 4 }}
spec:
  selector:
    {{- include "plaudit.selector" . | nindent 4 }}
    {{- if .hasRoles }}
    plaudit/answers: "yes"
    {{- end }}
  ports:
    - { name: http, port: 8100, targetPort: http }
{{- end -}}
