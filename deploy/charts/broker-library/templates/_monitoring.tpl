{{- define "broker-library.serviceMonitor" -}}
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
{{ include "broker-library.metadata" (merge (dict "labels" (merge (deepCopy .labels) .values.serviceMonitor.labels)) .) }}
spec:
  selector:
    matchLabels: {{- toYaml .selector | nindent 6 }}
  endpoints:
    - { port: http, path: /metrics }
{{- end -}}

{{- define "broker-library.prometheusRule" -}}
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
{{ include "broker-library.metadata" (merge (dict "labels" (merge (deepCopy .labels) .values.prometheusRule.labels)) .) }}
spec:
  groups:
    - name: {{ .name }}
      rules: {{- include "broker-library.alerts" . | nindent 8 }}
{{- end -}}
