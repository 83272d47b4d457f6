package contracttest

import (
	"reflect"

	"github.com/google/go-cmp/cmp"
)

// Equal reports whether two records hold the same. It is for tests of records that hold a [theorydb.Secret]: a Secret
// keeps its value in a closure, so == does not compile on such a struct, and reflect.DeepEqual finds any two different.
//
// Secrets are equal when their Equal says so, wherever they stand: in unexported fields, behind pointers, in slices and
// maps. So is every other type with an Equal method of its own, such as time.Time, which compares instants and not
// locations. All else is compared by value, unexported fields too; values of different types are different, and so are
// a nil and an empty slice or map. A NaN equals nothing, and a function equals another one only when both are nil.
//
// It prints nothing, so a test that fails by it shows no secret.
func Equal(a, b any) bool {
	return cmp.Equal(a, b, cmp.Exporter(func(reflect.Type) bool { return true }))
}
