package recovery_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
)

// What a person gets of an account is named field by field, down to the last: a field
// that is stored some day is left out until somebody has thought about it.
func TestExport_NamesEachField(t *testing.T) {
	t.Parallel()
	var look func(x reflect.Type, path string)
	look = func(x reflect.Type, path string) {
		switch {
		case x == reflect.TypeFor[time.Time]():
		case x.Kind() == reflect.Slice || x.Kind() == reflect.Pointer || x.Kind() == reflect.Map:
			look(x.Elem(), path)
		case x.Kind() == reflect.Struct && !strings.HasPrefix(x.Name(), "Export"):
			t.Errorf("%s is a %s as it is stored", path, x)
		case x.Kind() == reflect.Struct:
			for i := range x.NumField() {
				f := x.Field(i)
				look(f.Type, path+"."+f.Name)
			}
		}
	}
	look(reflect.TypeFor[recovery.Export](), "Export")
}
