{{- /* `helm test`: asks the service until it is ready, with the image's own Node. */ -}}
{{- define "broker-library.readyTest" -}}
{{- $scope := include "broker-library.scope" . | fromYaml -}}
{{- if $scope.Error }}{{ fail $scope.Error }}{{ end -}}
{{- if $scope.installed -}}
apiVersion: v1
kind: Pod
metadata:
  name: {{ $scope.name }}-ready
  namespace: {{ $scope.namespace }}
  labels: {{- omit $scope.labels "app.kubernetes.io/name" | toYaml | nindent 4 }}
  annotations:
    helm.sh/hook: test
    helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
spec:
  restartPolicy: Never
  activeDeadlineSeconds: 120
  automountServiceAccountToken: false
  enableServiceLinks: false
  securityContext: { runAsNonRoot: true, runAsUser: 65532, runAsGroup: 65532, seccompProfile: { type: RuntimeDefault } }
  {{- with $scope.values.imagePullSecrets }}
  imagePullSecrets: {{- toYaml . | nindent 4 }}
  {{- end }}
  containers:
    - name: ready
      image: {{ $scope.image | quote }}
      imagePullPolicy: {{ $scope.values.image.pullPolicy | default "IfNotPresent" }}
      command: [/nodejs/bin/node]
      args:
        - -e
        - |
          const ask = async () => {
            const answer = await fetch('http://{{ $scope.name }}:8080/readyz').then((reply) => reply.text(), String)
            console.log(answer)
            if (!answer.includes('"ready":true')) setTimeout(ask, 1000)
          }
          ask()
      resources: { requests: { cpu: 50m, memory: 64Mi }, limits: { memory: 128Mi } }
      securityContext:
        allowPrivilegeEscalation: false
        readOnlyRootFilesystem: true
        capabilities: { drop: [ALL] }
{{- end -}}
{{- end -}}
