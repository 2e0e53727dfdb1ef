{{- /* What all templates work with, as YAML: `values` (a service's own, then those of `global`), names, labels and the mode.
       A service's empty value is none: that of `global` holds. */ -}}
{{- define "broker-library.scope" -}}
{{- $chart := .context.Chart -}}
{{- $release := .context.Release -}}
{{- $global := deepCopy (.context.Values.global | default dict) -}}
{{- $values := merge (omit (deepCopy .context.Values) "global") $global -}}
{{- $default := ternary $release.Name (printf "%s-%s" $release.Name $chart.Name) (contains $chart.Name $release.Name) -}}
{{- $name := $values.fullnameOverride | default $default | trunc 63 | trimSuffix "-" -}}
{{- $account := ternary $name "default" $values.serviceAccount.create -}}
{{- $mode := include "broker-library.mode" (dict "values" $values) -}}
service: {{ .service }}
name: {{ $name }}
namespace: {{ $release.Namespace }}
account: {{ $values.serviceAccount.name | default $account }}
mode: {{ $mode }}
installed: {{ not (and .kcpOnly (eq $mode "clusters")) }}
selector:
  app.kubernetes.io/name: {{ $chart.Name }}
  app.kubernetes.io/instance: {{ $release.Name }}
labels:
  app.kubernetes.io/name: {{ $chart.Name }}
  app.kubernetes.io/instance: {{ $release.Name }}
  app.kubernetes.io/version: {{ $chart.AppVersion | quote }}
  app.kubernetes.io/part-of: resource-broker
  app.kubernetes.io/managed-by: {{ $release.Service }}
  helm.sh/chart: {{ printf "%s-%s" $chart.Name $chart.Version | replace "+" "_" }}
image: {{ include "broker-library.image" (dict "image" $values.image "chart" $chart) | quote }}
values: {{ $values | toJson }}
flags: {{ .flags | toJson }}
{{- end -}}

{{- /* `kcp` or `clusters`; refuses values that say neither or both. */ -}}
{{- define "broker-library.mode" -}}
{{- $kcp := .values.kcp.kubeconfigSecret.name -}}
{{- $platform := .values.clusters.platform -}}
{{- $given := list -}}
{{- if $kcp }}{{ $given = append $given "kcp.kubeconfigSecret.name" }}{{ end -}}
{{- if $platform.inCluster }}{{ $given = append $given "clusters.platform.inCluster" }}{{ end -}}
{{- if $platform.kubeconfigSecret.name }}{{ $given = append $given "clusters.platform.kubeconfigSecret.name" }}{{ end -}}
{{- if eq (len $given) 0 -}}
{{- fail "the broker has no platform: set kcp.kubeconfigSecret.name (kcp mode), or clusters.platform.inCluster or clusters.platform.kubeconfigSecret.name (plain clusters); for all services of the umbrella chart below global" -}}
{{- else if gt (len $given) 1 -}}
{{- fail (printf "the broker has one platform: set one of %s" (join ", " $given)) -}}
{{- end -}}
{{- if and $kcp (or .values.clusters.consumersSecret .values.clusters.providersSecret .values.config.watchKind) -}}
{{- fail "with kcp.kubeconfigSecret.name consumers, providers and kinds are found in kcp: leave out clusters.consumersSecret, clusters.providersSecret and config.watchKind" -}}
{{- end -}}
{{- if not .values.nats.urls -}}
{{- fail "nats.urls is required, such as [nats://nats:4222]; for all services of the umbrella chart global.nats.urls" -}}
{{- end -}}
{{- range .values.nats.urls -}}
{{- if not (regexMatch "^(nats|tls|wss?)://[^@]+$" .) -}}
{{- fail "nats.urls: each is a URL such as nats://nats:4222, without user or password: these go into the Secret of nats.credentialsSecret" -}}
{{- end -}}
{{- end -}}
{{- ternary "kcp" "clusters" (not (empty $kcp)) -}}
{{- end -}}

{{- define "broker-library.image" -}}
{{- $repository := .image.repository | default "resource-broker" -}}
{{- if .image.digest -}}
{{- printf "%s@%s" $repository .image.digest -}}
{{- else -}}
{{- printf "%s:%s" $repository (.image.tag | default .chart.AppVersion) -}}
{{- end -}}
{{- end -}}

{{- define "broker-library.metadata" -}}
metadata:
  name: {{ .name }}
  namespace: {{ .namespace }}
  labels: {{- toYaml .labels | nindent 4 }}
{{- end -}}
