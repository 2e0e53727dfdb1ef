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
{{- $own := printf "job=%q,namespace=%q" .name .namespace -}}
{{- $runbook := "docs/operations/alerts.md" -}}
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
{{ include "broker-library.metadata" (merge (dict "labels" (merge (deepCopy .labels) .values.prometheusRule.labels)) .) }}
spec:
  groups:
    - name: {{ .name }}
      rules:
        - alert: ResourceBrokerServiceDown
          expr: absent(up{ {{- $own -}} } == 1)
          for: 5m
          # Of what is absent no series has them.
          labels: { severity: critical, service: {{ .service }}, namespace: {{ .namespace }} }
          annotations: { summary: "No pod of {{ .service }} can be scraped.", runbook: {{ $runbook }}#resourcebrokerservicedown }
        - alert: ResourceBrokerPublishFails
          expr: increase(broker_publish_failures_total{ {{- $own -}} }[5m]) > 0
          for: 5m
          labels: { severity: critical }
          annotations: { summary: "What {{ .service }} publishes is not stored.", runbook: {{ $runbook }}#resourcebrokerpublishfails }
        - alert: ResourceBrokerReconcilesFail
          expr: increase(broker_reconcile_failures_total{ {{- $own -}} }[10m]) > 0
          for: 30m
          labels: { severity: warning }
          annotations: { summary: "{{ .service }} tries the same again and again.", runbook: {{ $runbook }}#resourcebrokerreconcilesfail }
        - alert: ResourceBrokerMessagesParked
          expr: increase(broker_parked_messages_total{ {{- $own -}} }[1h]) > 0
          labels: { severity: warning }
          annotations: { summary: "{{ .service }} met a message that nothing can handle.", runbook: {{ $runbook }}#resourcebrokermessagesparked }
{{- end -}}
