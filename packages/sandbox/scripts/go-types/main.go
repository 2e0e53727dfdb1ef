// Command go-types writes what packages/sandbox takes from Kubernetes' Go types:
//
//	go run . types   > ../../data/protobuf-types.json
//	go run . vectors > ../../src/kube/protobuf/vectors.json
//	go run . quantities > ../../src/kube/builtin/vectors/quantities.json
//
// Format the files with biome afterwards.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	admissionregistration "k8s.io/api/admissionregistration/v1"
	authentication "k8s.io/api/authentication/v1"
	authorization "k8s.io/api/authorization/v1"
	autoscaling "k8s.io/api/autoscaling/v1"
	certificates "k8s.io/api/certificates/v1"
	coordination "k8s.io/api/coordination/v1"
	core "k8s.io/api/core/v1"
	events "k8s.io/api/events/v1"
	rbac "k8s.io/api/rbac/v1"
	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// groups lists the kinds that a client may send to the sandbox.
var groups = []struct {
	version schema.GroupVersion
	objects []runtime.Object
}{
	{core.SchemeGroupVersion, []runtime.Object{
		&core.Namespace{}, &core.NamespaceList{}, &core.ConfigMap{}, &core.ConfigMapList{}, &core.Secret{}, &core.SecretList{},
		&core.Event{}, &core.EventList{}, &core.LimitRange{}, &core.LimitRangeList{}, &core.ResourceQuota{}, &core.ResourceQuotaList{},
		&core.ServiceAccount{}, &core.ServiceAccountList{},
	}},
	{admissionregistration.SchemeGroupVersion, []runtime.Object{
		&admissionregistration.MutatingWebhookConfiguration{}, &admissionregistration.MutatingWebhookConfigurationList{},
		&admissionregistration.ValidatingWebhookConfiguration{}, &admissionregistration.ValidatingWebhookConfigurationList{},
		&admissionregistration.ValidatingAdmissionPolicy{}, &admissionregistration.ValidatingAdmissionPolicyList{},
		&admissionregistration.ValidatingAdmissionPolicyBinding{}, &admissionregistration.ValidatingAdmissionPolicyBindingList{},
	}},
	{apiextensions.SchemeGroupVersion, []runtime.Object{
		&apiextensions.CustomResourceDefinition{}, &apiextensions.CustomResourceDefinitionList{},
	}},
	{authentication.SchemeGroupVersion, []runtime.Object{
		&authentication.TokenReview{}, &authentication.TokenRequest{}, &authentication.SelfSubjectReview{},
	}},
	{authorization.SchemeGroupVersion, []runtime.Object{
		&authorization.SubjectAccessReview{}, &authorization.SelfSubjectAccessReview{},
		&authorization.LocalSubjectAccessReview{}, &authorization.SelfSubjectRulesReview{},
	}},
	{autoscaling.SchemeGroupVersion, []runtime.Object{&autoscaling.Scale{}}},
	{certificates.SchemeGroupVersion, []runtime.Object{
		&certificates.CertificateSigningRequest{}, &certificates.CertificateSigningRequestList{},
	}},
	{coordination.SchemeGroupVersion, []runtime.Object{&coordination.Lease{}, &coordination.LeaseList{}}},
	{events.SchemeGroupVersion, []runtime.Object{&events.Event{}, &events.EventList{}}},
	{rbac.SchemeGroupVersion, []runtime.Object{
		&rbac.Role{}, &rbac.RoleList{}, &rbac.RoleBinding{}, &rbac.RoleBindingList{},
		&rbac.ClusterRole{}, &rbac.ClusterRoleList{}, &rbac.ClusterRoleBinding{}, &rbac.ClusterRoleBindingList{},
	}},
}

// anyGroup lists the kinds that every group version has.
var anyGroup = []runtime.Object{
	&meta.CreateOptions{}, &meta.UpdateOptions{}, &meta.PatchOptions{}, &meta.DeleteOptions{}, &meta.Status{},
	&meta.PartialObjectMetadata{}, &meta.PartialObjectMetadataList{},
}

func main() {
	var output any
	switch os.Args[1] {
	case "types":
		output = describe()
	case "vectors":
		output = record()
	case "quantities":
		output = quantities()
	default:
		fmt.Fprintln(os.Stderr, "types, vectors or quantities?")
		os.Exit(2)
	}
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetEscapeHTML(false)
	if os.Args[1] != "types" {
		encoder.SetIndent("", " ")
	}
	if err := encoder.Encode(output); err != nil {
		panic(err)
	}
}
