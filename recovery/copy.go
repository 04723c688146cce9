package recovery

import (
	"fmt"
	"reflect"
	"sync"
	"time"
)

// below are the fields of a struct under which there is something to copy.
var below sync.Map //nolint:gochecknoglobals // of reflect.Type: []int, which never change

// copyBelow replaces what v shares with the value it was copied from: whatever
// stands behind a pointer, a slice or a map. Strings and times are never changed.
func copyBelow(v reflect.Value) {
	switch {
	case flat(v.Type()):
	case v.Kind() == reflect.Struct:
		for _, i := range fieldsBelow(v.Type()) {
			copyBelow(v.Field(i))
		}
	case v.Kind() == reflect.Array:
		for i := range v.Len() {
			copyBelow(v.Index(i))
		}
	case v.IsNil():
	case v.Kind() == reflect.Pointer:
		to := reflect.New(v.Type().Elem())
		to.Elem().Set(v.Elem())
		copyBelow(to.Elem())
		v.Set(to)
	case v.Kind() == reflect.Slice:
		to := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		reflect.Copy(to, v)
		for i := 0; i < v.Len() && !flat(v.Type().Elem()); i++ {
			copyBelow(to.Index(i))
		}
		v.Set(to)
	case v.Kind() == reflect.Map:
		to := reflect.MakeMapWithSize(v.Type(), v.Len())
		for _, key := range v.MapKeys() {
			x := reflect.New(v.Type().Elem()).Elem()
			x.Set(v.MapIndex(key))
			copyBelow(x)
			to.SetMapIndex(key, x)
		}
		v.Set(to)
	}
}

func fieldsBelow(t reflect.Type) []int {
	if known, ok := below.Load(t); ok {
		return known.([]int)
	}
	var fields []int
	for i := range t.NumField() {
		if !flat(t.Field(i).Type) {
			fields = append(fields, i)
		}
	}
	below.Store(t, fields)
	return fields
}

// flat tells whether a copy of a value shares nothing that could be changed.
func flat(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		return false
	case reflect.Struct:
		return t == reflect.TypeFor[time.Time]() || len(fieldsBelow(t)) == 0
	case reflect.Array:
		return flat(t.Elem())
	case reflect.Interface, reflect.Chan, reflect.Func, reflect.UnsafePointer:
		panic(fmt.Sprintf("recovery: no copy can be made of a %s", t)) // a test makes one of everything an account may have
	default:
		return true
	}
}
