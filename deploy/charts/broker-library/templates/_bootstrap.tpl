{{- /* A Job that prepares the kcp before the services come, and makes the Secret that they read. With what it needs, which goes with it. */ -}}
{{- define "broker-library.bootstrap" -}}
{{- $values := .context.Values -}}
{{- $bootstrap := $values.bootstrap -}}
{{- $global := $values.global -}}
{{- if $bootstrap.enabled -}}
{{- if not $bootstrap.adminSecret.name -}}
{{- fail "bootstrap.adminSecret.name is required: the Secret with the kubeconfig of an administrator of the kcp" -}}
{{- end -}}
{{- if ne ($global.kcp.kubeconfigSecret.key | default "kubeconfig") "kubeconfig" -}}
{{- fail "bootstrap writes the key kubeconfig: leave out global.kcp.kubeconfigSecret.key" -}}
{{- end -}}
{{- $secret := $global.kcp.kubeconfigSecret.name | required "global.kcp.kubeconfigSecret.name is required: the Secret that bootstrap makes" -}}
{{- $namespace := .context.Release.Namespace -}}
{{- $name := printf "%s-bootstrap" .context.Release.Name -}}
{{- $scope := dict "name" $name "namespace" $namespace "release" .context.Release -}}
{{- $key := $bootstrap.adminSecret.key | default "kubeconfig" -}}
apiVersion: v1
kind: ServiceAccount
{{ include "broker-library.hook" (merge (dict "weight" "-1") $scope) }}
automountServiceAccountToken: false
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
{{ include "broker-library.hook" (merge (dict "weight" "-1") $scope) }}
rules:
  - { apiGroups: [""], resources: [secrets], resourceNames: [{{ $secret }}], verbs: [patch] }
  # RBAC knows no names of what is not there yet.
  - { apiGroups: [""], resources: [secrets], verbs: [create] }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
{{ include "broker-library.hook" (merge (dict "weight" "-1") $scope) }}
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: {{ $name }} }
subjects:
  - { kind: ServiceAccount, name: {{ $name }}, namespace: {{ $namespace }} }
---
apiVersion: v1
kind: ConfigMap
{{ include "broker-library.hook" (merge (dict "weight" "-1") $scope) }}
data:
  kubeconfig: |
    {{- include "broker-library.inClusterKubeconfig" . | nindent 4 }}
  {{- range $crd, $text := $bootstrap.crds }}
  {{ $crd }}.yaml: {{ $text | toJson }}
  {{- end }}
---
apiVersion: batch/v1
kind: Job
{{ include "broker-library.hook" (merge (dict "weight" "0") $scope) }}
spec:
  backoffLimit: 3
  template:
    metadata:
      labels: { app.kubernetes.io/name: bootstrap, app.kubernetes.io/instance: {{ .context.Release.Name }} }
    spec:
      restartPolicy: Never
      serviceAccountName: {{ $name }}
      automountServiceAccountToken: false
      enableServiceLinks: false
      securityContext:
        runAsNonRoot: true
        runAsUser: 65532
        runAsGroup: 65532
        fsGroup: 65532
        seccompProfile: { type: RuntimeDefault }
      {{- with $global.imagePullSecrets }}
      imagePullSecrets: {{- toYaml . | nindent 8 }}
      {{- end }}
      containers:
        - name: bootstrap
          image: {{ include "broker-library.image" (dict "image" $global.image "chart" .context.Chart) | quote }}
          imagePullPolicy: {{ $global.image.pullPolicy | default "IfNotPresent" }}
          args: [cli.mjs, bootstrap]
          env:
            - { name: RESOURCE_BROKER_KCP_KUBECONFIG, value: /admin/{{ $key }} }
            - { name: RESOURCE_BROKER_OUTPUT, value: /work/kubeconfig }
            - { name: RESOURCE_BROKER_OUTPUT_SECRET, value: {{ $namespace }}/{{ $secret }} }
            - { name: RESOURCE_BROKER_SECRET_KUBECONFIG, value: /cluster/kubeconfig }
            {{- with $bootstrap.crds }}
            {{- $files := list }}
            {{- range $crd, $text := . }}{{ $files = append $files (printf "/cluster/%s.yaml" $crd) }}{{ end }}
            - { name: RESOURCE_BROKER_CRD, value: {{ join "," $files | quote }} }
            {{- end }}
            {{- include "broker-library.flagEnv" (dict "config" $bootstrap.config "flags" .flags) | nindent 12 }}
          resources:
            requests: { cpu: 100m, memory: 128Mi }
            limits: { memory: 512Mi }
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities: { drop: [ALL] }
          volumeMounts:
            - { name: admin, mountPath: /admin, readOnly: true }
            - { name: cluster, mountPath: /cluster, readOnly: true }
            - { name: work, mountPath: /work }
      volumes:
        - name: admin
          secret: { secretName: {{ $bootstrap.adminSecret.name }}, defaultMode: 0440, items: [{ key: {{ $key }}, path: {{ $key }} }] }
        - name: cluster
          projected:
            defaultMode: 0440
            sources:
              - configMap: { name: {{ $name }} }
              - configMap: { name: kube-root-ca.crt, items: [{ key: ca.crt, path: ca.crt }] }
              - serviceAccountToken: { path: token, expirationSeconds: 3600 }
        - name: work
          emptyDir: { medium: Memory, sizeLimit: 1Mi }
{{- end -}}
{{- end -}}

{{- /* The metadata of what is there before the services, and goes when it has done its work. */ -}}
{{- define "broker-library.hook" -}}
metadata:
  name: {{ .name }}
  namespace: {{ .namespace }}
  labels:
    app.kubernetes.io/name: bootstrap
    app.kubernetes.io/instance: {{ .release.Name }}
    app.kubernetes.io/part-of: resource-broker
    app.kubernetes.io/managed-by: {{ .release.Service }}
  annotations:
    helm.sh/hook: pre-install,pre-upgrade
    helm.sh/hook-weight: {{ .weight | quote }}
    helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end -}}

{{- /* The cluster that this is installed in, for a pod with the token and the authority mounted beside the file. */ -}}
{{- define "broker-library.inClusterKubeconfig" -}}
apiVersion: v1
kind: Config
clusters:
  - { name: platform, cluster: { server: https://kubernetes.default.svc, certificate-authority: ca.crt } }
users:
  - { name: service, user: { tokenFile: token } }
contexts:
  - { name: platform, context: { cluster: platform, user: service } }
current-context: platform
{{- end -}}
