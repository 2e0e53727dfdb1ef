{{- /* Everything that one service needs in the cluster that it runs in. */ -}}
{{- define "broker-library.service" -}}
{{- $scope := include "broker-library.scope" . | fromYaml -}}
{{- if $scope.Error }}{{ fail $scope.Error }}{{ end -}}
{{- if $scope.installed -}}
{{ include "broker-library.deployment" (merge (dict "secrets" (include "broker-library.secretsSum" $scope)) $scope) }}
---
{{ include "broker-library.endpoint" $scope }}
{{- if $scope.values.serviceAccount.create }}
---
{{ include "broker-library.serviceAccount" $scope }}
{{- end }}
{{- if $scope.values.clusters.platform.inCluster }}
---
{{ include "broker-library.inCluster" $scope }}
{{- end }}
{{- if and $scope.values.podDisruptionBudget.enabled (gt (int $scope.values.replicas) 1) }}
---
{{ include "broker-library.podDisruptionBudget" $scope }}
{{- end }}
{{- if $scope.values.networkPolicy.enabled }}
---
{{ include "broker-library.networkPolicy" $scope }}
{{- end }}
{{- if $scope.values.serviceMonitor.enabled }}
---
{{ include "broker-library.serviceMonitor" $scope }}
{{- end }}
{{- if $scope.values.prometheusRule.enabled }}
---
{{ include "broker-library.prometheusRule" $scope }}
{{- end }}
{{- end -}}
{{- end -}}

{{- define "broker-library.endpoint" -}}
apiVersion: v1
kind: Service
{{ include "broker-library.metadata" . }}
spec:
  selector: {{- toYaml .selector | nindent 4 }}
  # That it is not ready is what /metrics and `helm test` are to tell.
  publishNotReadyAddresses: true
  ports:
    - { name: http, port: 8080, targetPort: http }
{{- end -}}

{{- define "broker-library.serviceAccount" -}}
apiVersion: v1
kind: ServiceAccount
{{ include "broker-library.metadata" . }}
{{- with .values.serviceAccount.annotations }}
  annotations: {{- toYaml . | nindent 4 }}
{{- end }}
automountServiceAccountToken: false
{{- end -}}

{{- define "broker-library.podDisruptionBudget" -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
{{ include "broker-library.metadata" . }}
spec:
  maxUnavailable: {{ .values.podDisruptionBudget.maxUnavailable }}
  # A pod that waits for NATS holds up no drain.
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels: {{- toYaml .selector | nindent 6 }}
{{- end -}}

{{- define "broker-library.networkPolicy" -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
{{ include "broker-library.metadata" . }}
spec:
  podSelector:
    matchLabels: {{- toYaml .selector | nindent 6 }}
  policyTypes: [Ingress, Egress]
  ingress:
    - ports: [{ port: http }]
      from:
        - podSelector: {}
        {{- with .values.networkPolicy.metricsFrom }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
  egress:
    - ports: [{ port: 53, protocol: UDP }, { port: 53, protocol: TCP }]
    - ports:
        {{- range concat .values.networkPolicy.natsPorts .values.networkPolicy.apiServerPorts | uniq }}
        - port: {{ . }}
        {{- end }}
        {{- if .values.traces.endpoint }}
        {{- range .values.networkPolicy.tracesPorts }}
        - port: {{ . }}
        {{- end }}
        {{- end }}
{{- end -}}
