#!/bin/bash
# What examples/kcp-certs does by hand, with one provider, against a running stack: $1 is the admin's kubeconfig as others on this machine
# use it, and the folder of that file takes the provider's. Run in the root of the checkout. `issue FILE` starts a controller.
set -euo pipefail
export KUBECONFIG=$1
dir=$(dirname "$1")
root=$(kubectl config view --minify -o jsonpath='{.clusters[0].cluster.server}')
kubectl config view --minify --raw -o jsonpath='{.clusters[0].cluster.certificate-authority-data}' | base64 -d > "$dir/ca.crt"

kubectl apply -f examples/kcp-certs/workspaces/organizations.yaml
kubectl wait --for=jsonpath='{.status.phase}'=Ready workspaces --all --timeout=60s
for organization in consumers providers; do
  kubectl --server="$root:$organization" apply -f examples/kcp-certs/workspaces/$organization.yaml
  kubectl --server="$root:$organization" wait --for=jsonpath='{.status.phase}'=Ready workspaces --all --timeout=60s
done
workspace() { # context, workspace, user
  kubectl --server="$root:$2" create clusterrolebinding owner --clusterrole=cluster-admin --user="$3"
  kubectl config set-cluster "$1" --server="$root:$2" --certificate-authority="$dir/ca.crt" --embed-certs
  kubectl config set-context "$1" --cluster="$1" --user="$3"
}
workspace consumer consumers:consumer user-1
workspace internalca providers:internalca user-2
kubectl --server="$root:platform" create clusterrolebinding consumers --clusterrole=resource-broker-consumer --user=user-1
kubectl --server="$root:platform" create clusterrolebinding providers --clusterrole=resource-broker-provider --user=user-2

broker=$(kubectl --server="$root:platform:broker" get logicalcluster cluster -o jsonpath='{.metadata.annotations.kcp\.io/cluster}')
provider="kubectl --context internalca"
$provider apply -f examples/kcp-certs/provider/apibinding.yaml
$provider wait --for=condition=Ready apibinding/acceptapis --timeout=60s
$provider apply -f examples/kcp-certs/provider/apiresourceschema.yaml -f examples/kcp-certs/provider/apiexport.yaml
sed "s/COORDINATION_CLUSTER/$broker/" examples/kcp-certs/provider/bind-grant.yaml | $provider apply -f -
$provider wait --for=condition=IdentityValid apiexport/certificates --timeout=60s
# Its controller is a container of the stack, to which kcp has that name.
kubectl config view --minify --flatten --raw --context internalca | sed 's/127\.0\.0\.1/kcp/' > "$dir/internalca.kubeconfig"
issue "$dir/internalca.kubeconfig"
$provider apply -f examples/kcp-certs/provider/acceptapi-internal.yaml
$provider wait --for=condition=Ready acceptapi/internal-certs --timeout=60s

consumer="kubectl --context consumer"
$consumer apply -f examples/kcp-certs/consumer/apibinding.yaml
$consumer wait --for=condition=Ready apibinding/certificates.example.platform-mesh.io --timeout=60s
$consumer apply -f examples/certs/consumer/certificate-internal.yaml
$consumer wait --for=jsonpath='{.status.status}'=Available certificates/cert-from-consumer --timeout=120s
$consumer get secret cert-from-consumer-tls -o jsonpath='{.data.tls\.crt}' | base64 -d | openssl x509 -noout -issuer
