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
	"github.com/caddy-sparekey/sparekey/recovery/method"
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

// What older versions wrote about codes of before a change is read as they meant
// it: for 72 hours.
func TestOldCodesOfOlderVersions(t *testing.T) {
	until, codes := noon.Add(time.Hour), `{"macs":["x"]}`
	read := func(record string) *recovery.Account {
		a := &recovery.Account{}
		if err := json.Unmarshal([]byte(record), a); err != nil {
			t.Fatal(err)
		}
		return a
	}
	for _, tc := range []struct {
		at   time.Time
		want bool
	}{{noon, true}, {until, false}} {
		stamp := until.Format(time.RFC3339)
		closed := read(`{"state":"frozen","thaw":{"until":"` + stamp + `","codes":` + codes + `}}`)
		if got := (method.RecoveryCode{}).Ready(closed, tc.at); got != tc.want {
			t.Errorf("closed before, at %s: got %v, want %v", tc.at, got, tc.want)
		}
		open := read(`{"state":"active","before":{"until":"` + stamp + `","codes":` + codes + `}}`)
		open.DropExpired(tc.at)
		open.Freeze(tc.at, tc.at, recovery.Default().Lifetimes)
		if got := (method.RecoveryCode{}).Ready(open, tc.at); got != tc.want {
			t.Errorf("closed now, at %s: got %v, want %v", tc.at, got, tc.want)
		}
	}
}
