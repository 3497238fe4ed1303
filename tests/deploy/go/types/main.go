// Command types writes a strict JSON schema for each kind of object that the chart and the examples make, read off the
// Go types of Kubernetes, KEDA and the Prometheus operator: a field that a type does not have is refused.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"

	keda "github.com/kedacore/keda/v2/apis/keda/v1alpha1"
	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	apps "k8s.io/api/apps/v1"
	batch "k8s.io/api/batch/v1"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	policy "k8s.io/api/policy/v1"
)

// kinds are named as kubeconform asks for a schema: kind-group-version in lower case.
var kinds = map[string]any{
	"deployment-apps-v1":                  apps.Deployment{},
	"job-batch-v1":                        batch.Job{},
	"configmap-v1":                        core.ConfigMap{},
	"namespace-v1":                        core.Namespace{},
	"service-v1":                          core.Service{},
	"ingress-networking-v1":               networking.Ingress{},
	"networkpolicy-networking-v1":         networking.NetworkPolicy{},
	"poddisruptionbudget-policy-v1":       policy.PodDisruptionBudget{},
	"scaledobject-keda-v1alpha1":          keda.ScaledObject{},
	"triggerauthentication-keda-v1alpha1": keda.TriggerAuthentication{},
	"podmonitor-monitoring-v1":            monitoring.PodMonitor{},
	"prometheusrule-monitoring-v1":        monitoring.PrometheusRule{},
}

// scalars are types that are written otherwise than they are made.
var scalars = map[string]schema{
	"k8s.io/apimachinery/pkg/util/intstr.IntOrString":               {"type": []string{"integer", "string"}},
	"k8s.io/apimachinery/pkg/api/resource.Quantity":                 {"type": []string{"integer", "number", "string"}},
	"k8s.io/apimachinery/pkg/apis/meta/v1.Time":                     {"type": []string{"string", "null"}},
	"k8s.io/apimachinery/pkg/apis/meta/v1.MicroTime":                {"type": []string{"string", "null"}},
	"k8s.io/apimachinery/pkg/apis/meta/v1.Duration":                 {"type": "string"},
	"k8s.io/apimachinery/pkg/apis/meta/v1.FieldsV1":                 {},
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1.JSON": {},
	"k8s.io/apimachinery/pkg/runtime.RawExtension":                  {},
}

type schema map[string]any

func main() {
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(directory string) error {
	for name, kind := range kinds {
		reader := &reader{definitions: schema{}}
		root := reader.of(reflect.TypeOf(kind))
		root["$defs"] = reader.definitions
		text, err := json.Marshal(root)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(directory, name+".json"), text, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// reader remembers the structs that it has seen: some hold themselves.
type reader struct {
	definitions schema
}

func (r *reader) of(t reflect.Type) schema {
	name := t.PkgPath() + "." + t.Name()
	if known, isKnown := scalars[name]; isKnown {
		return known
	}
	switch t.Kind() {
	case reflect.Pointer:
		return r.of(t.Elem())
	case reflect.Struct:
		return r.object(name, t)
	case reflect.Map:
		return schema{"type": []string{"object", "null"}, "additionalProperties": r.of(t.Elem())}
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return schema{"type": "string"}
		}
		return schema{"type": []string{"array", "null"}, "items": r.of(t.Elem())}
	case reflect.String:
		return schema{"type": "string"}
	case reflect.Bool:
		return schema{"type": "boolean"}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Uint32, reflect.Uint64, reflect.Uint16:
		return schema{"type": "integer"}
	case reflect.Float32, reflect.Float64:
		return schema{"type": "number"}
	default:
		return schema{}
	}
}

func (r *reader) object(name string, t reflect.Type) schema {
	key := strings.NewReplacer("/", "_", ".", "_").Replace(name)
	if _, seen := r.definitions[key]; !seen {
		definition := schema{"type": "object", "additionalProperties": false}
		r.definitions[key] = definition
		properties, required := schema{}, []string{}
		r.fields(t, properties, &required)
		definition["properties"] = properties
		if len(required) > 0 {
			definition["required"] = required
		}
	}
	return schema{"$ref": "#/$defs/" + key}
}

// fields adds those of a struct and of what is embedded in it. One that is written even when it is empty must be there,
// but for what the server alone fills.
func (r *reader) fields(t reflect.Type, properties schema, required *[]string) {
	for index := range t.NumField() {
		field := t.Field(index)
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		isInline := field.Anonymous && name == "" || strings.Contains(options, "inline")
		switch {
		case name == "-" || !field.IsExported():
		case isInline:
			embedded := field.Type
			if embedded.Kind() == reflect.Pointer {
				embedded = embedded.Elem()
			}
			r.fields(embedded, properties, required)
		case name != "":
			properties[name] = r.of(field.Type)
			isLeftOut := strings.Contains(options, "omitempty") || strings.Contains(options, "omitzero")
			if !isLeftOut && field.Type.Kind() != reflect.Struct && name != "status" {
				*required = append(*required, name)
			}
		}
	}
}
