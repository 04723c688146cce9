package recovery_test

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
)

// A copy of an account shares nothing with it that could be changed: what an edit
// does that fails must not be seen.
func TestACopyOfAnAccountSharesNothing(t *testing.T) {
	t.Parallel()
	a := &recovery.Account{}
	fillAll(reflect.ValueOf(a).Elem(), 0)
	c := a.Clone()
	if !reflect.DeepEqual(a, c) {
		t.Fatalf("got a copy that is not equal:\n%+v\n%+v", c, a)
	}
	shares(t, "account", reflect.ValueOf(a), reflect.ValueOf(c))
	empty := &recovery.Account{}
	if !reflect.DeepEqual(empty, empty.Clone()) {
		t.Error("got something in the copy of an empty account")
	}
}

// fillAll gives every field a value.
func fillAll(v reflect.Value, depth int) {
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fillAll(v.Elem(), depth+1)
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(time.Unix(1e9, 0).UTC()))
			return
		}
		for i := range v.NumField() {
			fillAll(v.Field(i), depth+1)
		}
	case reflect.Slice:
		if v.Type() == reflect.TypeFor[json.RawMessage]() {
			v.SetBytes([]byte("{}"))
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), 2, 4))
		for i := range v.Len() {
			fillAll(v.Index(i), depth+1)
		}
	case reflect.Array:
		for i := range v.Len() {
			fillAll(v.Index(i), depth+1)
		}
	case reflect.Map:
		key, x := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fillAll(key, depth+1)
		fillAll(x, depth+1)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, x)
	case reflect.String:
		v.SetString("x")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(1)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(1)
	}
}

// shares fails where both lead to the same memory.
func shares(t *testing.T, path string, a, b reflect.Value) {
	t.Helper()
	switch a.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		if a.Pointer() == b.Pointer() {
			t.Errorf("%s: got the same memory in the copy", path)
		}
	}
	switch a.Kind() {
	case reflect.Pointer:
		shares(t, path, a.Elem(), b.Elem())
	case reflect.Struct:
		if a.Type() == reflect.TypeFor[time.Time]() {
			return
		}
		for i := range a.NumField() {
			shares(t, path+"."+a.Type().Field(i).Name, a.Field(i), b.Field(i))
		}
	case reflect.Slice, reflect.Array:
		for i := range a.Len() {
			shares(t, path, a.Index(i), b.Index(i))
		}
	case reflect.Map:
		for _, key := range a.MapKeys() {
			shares(t, path, a.MapIndex(key), b.MapIndex(key))
		}
	}
}
