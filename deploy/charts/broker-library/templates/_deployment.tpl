{{- define "broker-library.deployment" -}}
{{- $mounts := include "broker-library.mounts" . | fromYamlArray -}}
apiVersion: apps/v1
kind: Deployment
{{ include "broker-library.metadata" . }}
spec:
  replicas: {{ .values.replicas }}
  # The new pod is ready before an old one goes: its partitions have an owner at once.
  strategy: { type: RollingUpdate, rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } }
  selector:
    matchLabels: {{- toYaml .selector | nindent 6 }}
  template:
    metadata:
      labels: {{- merge (deepCopy .labels) .values.podLabels | toYaml | nindent 8 }}
      annotations:
        checksum/secrets: {{ .secrets }}
        {{- if .values.clusters.platform.inCluster }}
        checksum/platform: {{ include "broker-library.inCluster" . | sha256sum }}
        {{- end }}
        {{- with .values.podAnnotations }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
    spec:
      serviceAccountName: {{ .account }}
      # What talks to the cluster that this runs in has a token of its own, mounted below.
      automountServiceAccountToken: false
      enableServiceLinks: false
      terminationGracePeriodSeconds: {{ .values.terminationGracePeriodSeconds }}
      securityContext:
        runAsNonRoot: true
        runAsUser: 65532
        runAsGroup: 65532
        fsGroup: 65532
        seccompProfile: { type: RuntimeDefault }
      {{- with .values.imagePullSecrets }}
      imagePullSecrets: {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with .values.priorityClassName }}
      priorityClassName: {{ . }}
      {{- end }}
      {{- with .values.nodeSelector }}
      nodeSelector: {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with .values.tolerations }}
      tolerations: {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with .values.affinity }}
      affinity: {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- if .values.topologySpread.enabled }}
      topologySpreadConstraints:
        - maxSkew: 1
          topologyKey: {{ .values.topologySpread.topologyKey }}
          whenUnsatisfiable: {{ .values.topologySpread.whenUnsatisfiable }}
          labelSelector:
            matchLabels: {{- toYaml .selector | nindent 14 }}
      {{- end }}
      containers:
        - name: {{ .service }}
          image: {{ .image | quote }}
          imagePullPolicy: {{ .values.image.pullPolicy | default "IfNotPresent" }}
          args: [{{ .service }}.mjs]
          env: {{- include "broker-library.env" . | nindent 12 }}
          ports:
            - { name: http, containerPort: 8080 }
          # A start that waits for NATS or the platform is alive, and not ready.
          startupProbe: { httpGet: { path: /livez, port: http }, periodSeconds: 1, failureThreshold: 60 }
          livenessProbe: { httpGet: { path: /livez, port: http }, periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 6 }
          readinessProbe: { httpGet: { path: /readyz, port: http }, periodSeconds: 5, timeoutSeconds: 5 }
          resources: {{- toYaml .values.resources | nindent 12 }}
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities: { drop: [ALL] }
          volumeMounts:
            {{- range $mounts }}
            - { name: {{ .name }}, mountPath: {{ .path }}, readOnly: true }
            {{- end }}
      volumes:
        {{- range $mounts }}
        - name: {{ .name }}
          {{- toYaml .volume | nindent 10 }}
        {{- end }}
{{- end -}}

{{- /* Flags as environment: lists with commas, and of `config` what this service knows. */ -}}
{{- define "broker-library.env" -}}
{{- $values := .values -}}
- { name: RESOURCE_BROKER_HTTP_ADDRESS, value: {{ printf "%s:8080" (ternary (printf "[%s]" $values.httpHost) $values.httpHost (contains ":" $values.httpHost)) | quote }} }
- { name: RESOURCE_BROKER_NATS, value: {{ join "," $values.nats.urls | quote }} }
{{- include "broker-library.flagEnv" (dict "config" $values.config "flags" .flags) }}
{{- range include "broker-library.mounts" . | fromYamlArray }}
{{- range $flag, $file := .flags }}
- { name: RESOURCE_BROKER_{{ $flag }}, value: {{ $file | quote }} }
{{- end }}
{{- end }}
{{- with $values.traces.endpoint }}
- { name: OTEL_EXPORTER_OTLP_ENDPOINT, value: {{ . | quote }} }
{{- end }}
{{- with $values.traces.sampler }}
- { name: OTEL_TRACES_SAMPLER, value: {{ . | quote }} }
{{- end }}
{{- with $values.traces.samplerArg }}
- { name: OTEL_TRACES_SAMPLER_ARG, value: {{ . | quote }} }
{{- end }}
{{- with $values.nodeOptions }}
- { name: NODE_OPTIONS, value: {{ . | quote }} }
{{- end }}
{{- end -}}

{{- /* Those of `flags` that `config` gives. */ -}}
{{- define "broker-library.flagEnv" -}}
{{- $config := .config -}}
{{- range $name := .flags }}
{{- $value := index $config $name }}
{{- if not (kindIs "invalid" $value) }}
{{- $text := ternary (join "," $value) (toString $value) (kindIs "slice" $value) }}
{{- if kindIs "float64" $value }}{{ $text = $value | int64 | toString }}{{ end }}
- { name: RESOURCE_BROKER_{{ $name | snakecase | upper }}, value: {{ $text | quote }} }
{{- end }}
{{- end }}
{{- end -}}
