{{- /* What is mounted, as a YAML list: name, path, the volume, and the flags (as in the environment) that lead there. */ -}}
{{- define "broker-library.mounts" -}}
{{- $root := "/etc/resource-broker" -}}
{{- $nats := .values.nats -}}
{{- $clusters := .values.clusters -}}
{{- $service := .service -}}
{{- with $nats.credentialsSecret }}{{ if .name }}
{{ include "broker-library.mount" (dict "name" "nats-credentials" "secret" .name "key" (.key | default "nats.creds" | replace "{service}" $service) "flag" "NATS_CREDENTIALS") }}
{{- end }}{{ end }}
{{- with $nats.caSecret }}{{ if .name }}
{{ include "broker-library.mount" (dict "name" "nats-ca" "secret" .name "key" (.key | default "ca.crt") "flag" "NATS_CA") }}
{{- end }}{{ end }}
{{- with $nats.clientCertificateSecret }}
- name: nats-client
  path: {{ $root }}/nats-client
  secret: {{ . }}
  volume: { secret: { secretName: {{ . }}, defaultMode: 0440 } }
  flags: { NATS_CERT: {{ $root }}/nats-client/tls.crt, NATS_KEY: {{ $root }}/nats-client/tls.key }
{{- end }}
{{- with .values.kcp.kubeconfigSecret }}{{ if .name }}
{{ include "broker-library.mount" (dict "name" "kcp" "secret" .name "key" (.key | default "kubeconfig") "flag" "KCP_KUBECONFIG") }}
{{- end }}{{ end }}
{{- with $clusters.platform.kubeconfigSecret }}{{ if .name }}
{{ include "broker-library.mount" (dict "name" "platform" "secret" .name "key" (.key | default "kubeconfig") "flag" "COORDINATION_KUBECONFIG") }}
{{- end }}{{ end }}
{{- if $clusters.platform.inCluster }}
- name: platform
  path: {{ $root }}/platform
  volume:
    projected:
      defaultMode: 0440
      sources:
        - configMap: { name: {{ .name }}-platform }
        - configMap: { name: kube-root-ca.crt, items: [{ key: ca.crt, path: ca.crt }] }
        - serviceAccountToken: { path: token, expirationSeconds: 3600 }
  flags: { COORDINATION_KUBECONFIG: {{ $root }}/platform/kubeconfig }
{{- end }}
{{- $compute := .values.compute.kubeconfigSecret }}
{{- $isStaging := and $compute.name (has $service (list "workspace-watcher" "migration-coordinator")) }}
{{- if $isStaging }}
{{ include "broker-library.mount" (dict "name" "compute" "secret" $compute.name "key" ($compute.key | default "kubeconfig") "flag" "COMPUTE_KUBECONFIG") }}
{{- end }}
{{- /* migration-coordinator talks to providers alone, and only to bring what stages need of their copies. */}}
{{- $moves := eq $service "migration-coordinator" }}
{{- range $role, $secret := dict "consumers" $clusters.consumersSecret "providers" $clusters.providersSecret }}
{{- if and $secret (or (not $moves) (and $isStaging (eq $role "providers"))) }}
- name: {{ $role }}
  path: {{ $root }}/{{ $role }}
  secret: {{ $secret }}
  volume: { secret: { secretName: {{ $secret }}, defaultMode: 0440 } }
  flags: { {{ trimSuffix "s" $role | upper }}_KUBECONFIG_DIR: {{ $root }}/{{ $role }} }
{{- end }}
{{- end }}
{{- end -}}

{{- /* One file of a Secret. */ -}}
{{- define "broker-library.mount" -}}
- name: {{ .name }}
  path: /etc/resource-broker/{{ .name }}
  secret: {{ .secret }}
  volume: { secret: { secretName: {{ .secret }}, defaultMode: 0440, items: [{ key: {{ .key }}, path: {{ .key }} }] } }
  flags: { {{ .flag }}: /etc/resource-broker/{{ .name }}/{{ .key }} }
{{- end -}}

{{- /* Changes when a Secret that is mounted as it was at the start changes: the pods roll at the next upgrade. Those of consumers and
       providers are followed by the services themselves. Empty without a cluster to ask, as for `helm template`. */ -}}
{{- define "broker-library.secretsSum" -}}
{{- $seen := list -}}
{{- $namespace := .namespace -}}
{{- range include "broker-library.mounts" . | fromYamlArray -}}
{{- if and .secret (not (has .name (list "consumers" "providers"))) -}}
{{- $secret := lookup "v1" "Secret" $namespace .secret -}}
{{- $seen = append $seen (dict "name" .secret "data" ($secret.data | default dict)) -}}
{{- end -}}
{{- end -}}
{{- $seen | toJson | sha256sum -}}
{{- end -}}

{{- /* The way to the cluster that this is installed in, and the right to go it. */ -}}
{{- define "broker-library.inCluster" -}}
{{- $metadata := dict "name" (printf "%s-platform" .name) "namespace" .namespace "labels" .labels -}}
{{- $role := printf "%s-%s-platform" .namespace .name -}}
apiVersion: v1
kind: ConfigMap
{{ include "broker-library.metadata" $metadata }}
data:
  kubeconfig: |
    {{- include "broker-library.inClusterKubeconfig" . | nindent 4 }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: {{ $role }}
  labels: {{- toYaml .labels | nindent 4 }}
rules: {{- include (printf "broker-library.platformRules.%s" .service) . | nindent 2 }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  name: {{ $role }}
  labels: {{- toYaml .labels | nindent 4 }}
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: {{ $role }} }
subjects:
  - { kind: ServiceAccount, name: {{ .account }}, namespace: {{ .namespace }} }
{{- end -}}
