package recovery_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
)

// Records outlive the program that wrote them: a field may get another name in
// Go, never in the store.
func TestRecordsKeepTheirNames(t *testing.T) {
	for name, record := range map[string]any{"account": &recovery.Account{}, "flow": &recovery.Flow{}, "ticket": &recovery.Ticket{}} {
		t.Run(name, func(t *testing.T) {
			populate(reflect.ValueOf(record).Elem(), name)
			got, err := json.MarshalIndent(record, "", "\t")
			if err != nil {
				t.Fatal(err)
			}
			file := filepath.Join("testdata", "records", name+".json")
			if *update {
				if err := os.WriteFile(file, append(got, '\n'), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if string(got)+"\n" != string(want) {
				t.Errorf("%s differs: got\n%s\nrun with -update if what is stored is meant to change", file, got)
			}
		})
	}
}

// populate gives every field a value made of its name in the record.
func populate(v reflect.Value, name string) {
	switch v.Interface().(type) {
	case time.Time:
		v.Set(reflect.ValueOf(noon.Add(time.Duration(len(name)) * time.Hour)))
		return
	case json.RawMessage:
		v.Set(reflect.ValueOf(json.RawMessage(`{"n":1}`)))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(name)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Uint64, reflect.Uint8:
		v.SetUint(uint64(len(name)))
	case reflect.Int64, reflect.Int:
		v.SetInt(int64(len(name)))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		populate(v.Elem(), name)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		populate(v.Index(0), name)
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		value := reflect.New(v.Type().Elem()).Elem()
		populate(value, name)
		v.SetMapIndex(reflect.ValueOf("key"), value)
	case reflect.Struct:
		for i := range v.NumField() {
			tag, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
			populate(v.Field(i), tag)
		}
	default:
	}
}
