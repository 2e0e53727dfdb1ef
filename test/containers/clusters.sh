#!/bin/bash
# Makes workspaces of a stack's kcp that stand for clusters: $1 is its admin's kubeconfig as others on this machine use it, $2 the folder that takes
# platform.kubeconfig, consumers/acme.kubeconfig and providers/alpha.kubeconfig for the containers. Run in the root of the checkout.
set -euo pipefail
export KUBECONFIG=$1
root=$(kubectl config view --minify -o jsonpath='{.clusters[0].cluster.server}')
mkdir -p "$2/consumers" "$2/providers"
cluster() { # name, file; then what it serves
  kubectl create -f - <<END
{ "apiVersion": "tenancy.kcp.io/v1alpha1", "kind": "Workspace", "metadata": { "name": "$1" }, "spec": { "type": { "name": "universal", "path": "root" } } }
END
  kubectl wait --for=jsonpath='{.status.phase}'=Ready "workspace/$1" --timeout=60s
  for file in "${@:3}"; do kubectl --server="$root:$1" create -f "$file"; done
  # To the containers kcp has that name.
  kubectl config view --minify --flatten --raw | sed "s|server: .*|server: ${root/127.0.0.1/kcp}:$1|" > "$2"
  # Another user reads it there.
  chmod 644 "$2"
}
certificates=examples/certs/consumer/certificate-crd.yaml
cluster platform "$2/platform.kubeconfig" crds/coord.*.yaml
cluster acme "$2/consumers/acme.kubeconfig" $certificates
cluster alpha "$2/providers/alpha.kubeconfig" $certificates crds/broker.*.yaml
