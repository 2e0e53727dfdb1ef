package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"time"

	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer/protobuf"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// maxDepth ends what refers to itself, such as the schema in a schema.
const maxDepth = 9

// vector is one body as a Go client sends it, and the JSON that Go gives for the object that it decodes to.
type vector struct {
	Name     string          `json:"name"`
	Protobuf []byte          `json:"protobuf"`
	JSON     json.RawMessage `json:"json"`
}

// modes fill an object: not at all; with zero values behind every pointer; with something in every field.
var modes = []string{"empty", "zero", "full"}

func record() []vector {
	vectors := []vector{}
	add := func(version schema.GroupVersion, prototype runtime.Object) {
		for _, mode := range modes {
			object := reflect.New(reflect.TypeOf(prototype).Elem())
			(&filler{mode: mode}).fill(object.Elem(), 0)
			kind := version.WithKind(object.Elem().Type().Name())
			vectors = append(vectors, encode(mode+" "+kind.Kind+" of "+version.String(), kind, object.Interface().(runtime.Object)))
		}
	}
	for _, group := range groups {
		for _, object := range group.objects {
			add(group.version, object)
		}
	}
	for _, object := range anyGroup {
		add(schema.GroupVersion{Version: "v1"}, object)
	}
	return vectors
}

func encode(name string, kind schema.GroupVersionKind, object runtime.Object) vector {
	object.GetObjectKind().SetGroupVersionKind(kind)
	var body bytes.Buffer
	if err := protobuf.NewSerializer(nil, nil).Encode(object, &body); err != nil {
		panic(fmt.Errorf("%s: %w", name, err))
	}
	var unknown runtime.Unknown
	if err := unknown.Unmarshal(body.Bytes()[4:]); err != nil {
		panic(err)
	}
	decoded := reflect.New(reflect.TypeOf(object).Elem()).Interface().(runtime.Object)
	if err := decoded.(interface{ Unmarshal([]byte) error }).Unmarshal(unknown.Raw); err != nil {
		panic(err)
	}
	decoded.GetObjectKind().SetGroupVersionKind(kind)
	text, err := json.Marshal(decoded)
	if err != nil {
		panic(fmt.Errorf("%s: %w", name, err))
	}
	return vector{Name: name, Protobuf: body.Bytes(), JSON: text}
}

type filler struct {
	mode  string
	count int
}

func (f *filler) next() int {
	f.count++
	return f.count
}

func (f *filler) fill(value reflect.Value, depth int) {
	if f.mode == "empty" || depth > maxDepth || f.special(value, depth) {
		return
	}
	switch value.Kind() {
	case reflect.Pointer:
		if depth < maxDepth {
			value.Set(reflect.New(value.Type().Elem()))
			f.fill(value.Elem(), depth+1)
		}
	case reflect.Struct:
		for i := range value.NumField() {
			if value.Type().Field(i).Type != reflect.TypeFor[meta.TypeMeta]() {
				f.fill(value.Field(i), depth+1)
			}
		}
	default:
		if f.mode == "full" {
			f.plain(value, depth)
		}
	}
}

func (f *filler) plain(value reflect.Value, depth int) {
	switch value.Kind() {
	case reflect.String:
		value.SetString(fmt.Sprintf("text-%d ü\"\u2028", f.next()))
	case reflect.Bool:
		value.SetBool(true)
	case reflect.Int32:
		value.SetInt(int64(-f.next()))
	case reflect.Int64:
		value.SetInt(int64(f.next()) << 33)
	case reflect.Float64:
		value.SetFloat(float64(f.next()) + 0.25)
	case reflect.Slice:
		if value.Type().Elem().Kind() == reflect.Uint8 {
			value.SetBytes([]byte{0, 255, byte(f.next())})
			return
		}
		value.Set(reflect.MakeSlice(value.Type(), 2, 2))
		for i := range 2 {
			f.fill(value.Index(i), depth+1)
		}
	case reflect.Map:
		value.Set(reflect.MakeMap(value.Type()))
		for _, key := range []string{"__proto__", "b/c"} {
			element := reflect.New(value.Type().Elem()).Elem()
			f.fill(element, depth+1)
			value.SetMapIndex(reflect.ValueOf(key).Convert(value.Type().Key()), element)
		}
	default:
		panic(value.Type().String())
	}
}

func (f *filler) special(value reflect.Value, depth int) bool {
	full := f.mode == "full"
	switch target := value.Addr().Interface().(type) {
	case *meta.Time:
		if full {
			*target = meta.NewTime(time.Unix(1_700_000_000+int64(f.next()), 123_456_789).UTC())
		}
	case *meta.MicroTime:
		if full {
			*target = meta.NewMicroTime(time.Unix(1_700_000_000+int64(f.next()), 123_456_000).UTC())
		}
	case *meta.FieldsV1:
		target.Raw = []byte(`{"f:metadata":{".":{},"k:{\"a\":1}":{}}}`)
	case *resource.Quantity:
		*target = resource.MustParse([]string{"0", "1500m", "3Gi", "1e3", "12345678901234"}[f.next()%5])
	case *intstr.IntOrString:
		*target = intstr.FromInt32(int32(f.next()))
		if full && f.next()%2 == 0 {
			*target = intstr.FromString("50%")
		}
	case *runtime.RawExtension:
		target.Raw = []byte(`{"kind":"Thing","big":1.50,"list":[null,true,"x"]}`)
	case *apiextensions.JSON:
		target.Raw = []byte([]string{`null`, `{"a":[1,"b"]}`, `"text"`, `false`, `-1.5`}[f.next()%5])
	case *apiextensions.JSONSchemaPropsOrBool:
		*target = apiextensions.JSONSchemaPropsOrBool{Allows: full && f.next()%2 == 0}
		if full && depth < maxDepth-2 {
			target.Schema = f.schema(depth)
		}
	case *apiextensions.JSONSchemaPropsOrArray:
		if f.next()%2 == 0 || !full {
			target.Schema = f.schema(depth)
		} else {
			target.JSONSchemas = []apiextensions.JSONSchemaProps{*f.schema(depth), {}}
		}
	case *apiextensions.JSONSchemaPropsOrStringArray:
		if f.next()%2 == 0 || !full {
			target.Schema = f.schema(depth)
		} else {
			target.Property = []string{"a", "b"}
		}
	case *apiextensions.JSONSchemaProps:
		if depth > 6 {
			*target = apiextensions.JSONSchemaProps{Type: "string"}
			return true
		}
		return false
	default:
		return false
	}
	return true
}

func (f *filler) schema(depth int) *apiextensions.JSONSchemaProps {
	schema := &apiextensions.JSONSchemaProps{}
	if f.mode == "full" {
		schema.Description = fmt.Sprintf("schema %d at %d", f.next(), depth)
	}
	return schema
}
