package main

import (
	"fmt"
	"path"
	"reflect"
	"strconv"
	"strings"

	authentication "k8s.io/api/authentication/v1"
	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// scalars are the types whose JSON is not that of their fields.
var scalars = map[reflect.Type]string{
	reflect.TypeFor[resource.Quantity]():                          "quantity",
	reflect.TypeFor[meta.Time]():                                  "time",
	reflect.TypeFor[meta.MicroTime]():                             "microtime",
	reflect.TypeFor[meta.Duration]():                              "duration",
	reflect.TypeFor[meta.FieldsV1]():                              "raw",
	reflect.TypeFor[intstr.IntOrString]():                         "intstr",
	reflect.TypeFor[runtime.RawExtension]():                       "raw",
	reflect.TypeFor[apiextensions.JSON]():                         "raw",
	reflect.TypeFor[apiextensions.JSONSchemaPropsOrBool]():        "schemaOrBool",
	reflect.TypeFor[apiextensions.JSONSchemaPropsOrArray]():       "schemaOrArray",
	reflect.TypeFor[apiextensions.JSONSchemaPropsOrStringArray](): "schemaOrStrings",
	reflect.TypeFor[authentication.ExtraValue]():                  "strings",
}

type description struct {
	Source  string `json:"source"`
	Licence string `json:"licence"`
	Legend  string `json:"legend"`
	// Kinds by "<apiVersion>/<kind>", those of any group by their kind.
	Kinds map[string]string   `json:"kinds"`
	Types map[string][]string `json:"types"`
}

func describe() description {
	result := description{
		Source:  "Go types of k8s.io/api, k8s.io/apimachinery and k8s.io/apiextensions-apiserver v0.36.3, by scripts/go-types",
		Licence: "Apache-2.0, Copyright The Kubernetes Authors",
		Legend:  "field: <number> <json name> <type> <flags>; []T list, {}T map; flags: o omitempty, z omitzero, p pointer, i inline",
		Kinds:   map[string]string{},
		Types:   map[string][]string{},
	}
	for _, group := range groups {
		for _, object := range group.objects {
			of := reflect.TypeOf(object).Elem()
			result.Kinds[group.version.String()+"/"+of.Name()] = result.add(of)
		}
	}
	for _, object := range anyGroup {
		of := reflect.TypeOf(object).Elem()
		result.Kinds[of.Name()] = result.add(of)
	}
	return result
}

func nameOf(of reflect.Type) string {
	parts := strings.Split(of.PkgPath(), "/")
	return strings.Join(parts[len(parts)-2:], ".") + "." + of.Name()
}

func (d *description) add(of reflect.Type) string {
	name := nameOf(of)
	if _, known := d.Types[name]; known {
		return name
	}
	d.Types[name] = nil
	fields := []string{}
	for i := range of.NumField() {
		field := of.Field(i)
		if field.Type == reflect.TypeFor[meta.TypeMeta]() {
			continue
		}
		number := protobufNumber(field)
		if number == 0 {
			panic(fmt.Sprintf("%s.%s has no protobuf tag", name, field.Name))
		}
		label, flags := jsonName(field)
		if field.Type.Kind() == reflect.Pointer {
			flags += "p"
		}
		if label == "" {
			label, flags = "-", flags+"i"
		}
		fields = append(fields, strings.TrimSpace(fmt.Sprintf("%d %s %s %s", number, label, d.typeOf(field.Type), flags)))
	}
	d.Types[name] = fields
	return name
}

func protobufNumber(field reflect.StructField) int {
	parts := strings.Split(field.Tag.Get("protobuf"), ",")
	if len(parts) < 2 {
		return 0
	}
	number, _ := strconv.Atoi(parts[1])
	return number
}

func jsonName(field reflect.StructField) (name, flags string) {
	parts := strings.Split(field.Tag.Get("json"), ",")
	for _, option := range parts[1:] {
		switch option {
		case "omitempty":
			flags += "o"
		case "omitzero":
			flags += "z"
		}
	}
	return parts[0], flags
}

func (d *description) typeOf(of reflect.Type) string {
	if name, ok := scalars[of]; ok {
		if strings.HasPrefix(name, "schemaOr") {
			d.add(reflect.TypeFor[apiextensions.JSONSchemaProps]())
		}
		return name
	}
	if of.Name() == "ExtraValue" && path.Base(of.PkgPath()) == "v1" {
		return "strings"
	}
	switch of.Kind() {
	case reflect.Pointer:
		return d.typeOf(of.Elem())
	case reflect.Slice:
		if of.Elem().Kind() == reflect.Uint8 {
			return "bytes"
		}
		return "[]" + d.typeOf(of.Elem())
	case reflect.Map:
		return "{}" + d.typeOf(of.Elem())
	case reflect.Struct:
		return d.add(of)
	case reflect.String, reflect.Bool, reflect.Int32, reflect.Int64, reflect.Float64:
		return of.Kind().String()
	}
	panic("no name for " + of.String())
}
