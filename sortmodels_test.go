package theorydb_test

import (
	"time"

	"github.com/theorydb/theorydb"
)

// Models by the shape of their sort key.
type (
	literalThenText struct {
		_     theorydb.Key `theorydb:"pk" key:"P#{owner}"`
		_     theorydb.Key `theorydb:"sk" key:"SESSION#{id}"`
		Owner string
		ID    string
	}
	bareText struct {
		_     theorydb.Key `theorydb:"pk" key:"P#{owner}"`
		_     theorydb.Key `theorydb:"sk" key:"{id}"`
		Owner string
		ID    string
	}
	literalInSegment struct {
		_     theorydb.Key `theorydb:"pk" key:"P#{owner}"`
		_     theorydb.Key `theorydb:"sk" key:"u-{id}"`
		Owner string
		ID    string
	}
	literalBehind struct {
		_     theorydb.Key `theorydb:"pk" key:"P#{owner}"`
		_     theorydb.Key `theorydb:"sk" key:"{id}#END"`
		Owner string
		ID    string
	}
	threeTexts struct {
		_       theorydb.Key `theorydb:"pk" key:"P#{owner}"`
		_       theorydb.Key `theorydb:"sk" key:"A#{x}#B#{y}#C#{z}"`
		Owner   string
		X, Y, Z string
	}
	threeBareTexts struct {
		_       theorydb.Key `theorydb:"pk" key:"P#{owner}"`
		_       theorydb.Key `theorydb:"sk" key:"{x}#y-{y}#{z}"`
		Owner   string
		X, Y, Z string
	}
	threeNumbers struct {
		_     theorydb.Key `theorydb:"pk" key:"P#{owner}"`
		_     theorydb.Key `theorydb:"sk" key:"N#{n|int}#{small|pad:5}#U{u|int}"`
		Owner string
		N     int64
		Small uint64
		U     uint64
	}
	nanosThenText struct {
		_     theorydb.Key `theorydb:"pk" key:"P#{owner}"`
		_     theorydb.Key `theorydb:"sk" key:"{at}#{id}"`
		Owner string
		At    time.Time
		ID    string
	}
	millisThenFolded struct {
		_     theorydb.Key `theorydb:"pk" key:"P#{owner}"`
		_     theorydb.Key `theorydb:"sk" key:"AT#{at|ms}#{name|lower}"`
		Owner string
		At    time.Time
		Name  string
	}
	foldedThenMillis struct {
		_     theorydb.Key `theorydb:"pk" key:"P#{owner}"`
		_     theorydb.Key `theorydb:"sk" key:"{name|lower}#AT#{at|ms}"`
		Owner string
		Name  string
		At    time.Time
	}
	textThenHash struct {
		_      theorydb.Key `theorydb:"pk" key:"P#{owner}"`
		_      theorydb.Key `theorydb:"sk" key:"{id}#H#{secret|hash}"`
		Owner  string
		ID     string
		Secret string
	}
	plainTextKey struct {
		PK string `theorydb:"pk"`
		SK string `theorydb:"sk"`
	}
	plainNumberKey struct {
		PK string `theorydb:"pk"`
		SK int64  `theorydb:"sk"`
	}
	plainBytesKey struct {
		PK string `theorydb:"pk"`
		SK []byte `theorydb:"sk"`
	}
	plainTimeKey struct {
		PK string    `theorydb:"pk"`
		SK time.Time `theorydb:"sk"`
	}
)

func sortShapes() []sortShape {
	text, at := textComponent(), timeComponent()
	short, lower, hash, millis := text.short(), lowerComponent().short(), hashComponent().short(), millisComponent()
	return []sortShape{
		{"literal, then text", []string{"SESSION#", ""}, []component{short}, "", on(
			func(p string, v []any) literalThenText { return literalThenText{Owner: p, ID: valueAt[string](v, 0)} },
			func(r *literalThenText) []any { return []any{r.ID} })},
		{"bare text", []string{"", ""}, []component{text}, "", on(
			func(p string, v []any) bareText { return bareText{Owner: p, ID: valueAt[string](v, 0)} },
			func(r *bareText) []any { return []any{r.ID} })},
		{"literal inside a segment", []string{"u-", ""}, []component{short}, "", on(
			func(p string, v []any) literalInSegment { return literalInSegment{Owner: p, ID: valueAt[string](v, 0)} },
			func(r *literalInSegment) []any { return []any{r.ID} })},
		{"literal behind", []string{"", "#END"}, []component{short}, "", on(
			func(p string, v []any) literalBehind { return literalBehind{Owner: p, ID: valueAt[string](v, 0)} },
			func(r *literalBehind) []any { return []any{r.ID} })},
		{"three texts", []string{"A#", "#B#", "#C#", ""}, []component{short, short, short}, "", on(
			func(p string, v []any) threeTexts {
				return threeTexts{Owner: p, X: valueAt[string](v, 0), Y: valueAt[string](v, 1), Z: valueAt[string](v, 2)}
			},
			func(r *threeTexts) []any { return []any{r.X, r.Y, r.Z} })},
		{"three bare texts", []string{"", "#y-", "#", ""}, []component{short, short, short}, "", on(
			func(p string, v []any) threeBareTexts {
				return threeBareTexts{Owner: p, X: valueAt[string](v, 0), Y: valueAt[string](v, 1), Z: valueAt[string](v, 2)}
			},
			func(r *threeBareTexts) []any { return []any{r.X, r.Y, r.Z} })},
		{"three numbers", []string{"N#", "#", "#U", ""}, []component{intComponent(), uintComponent("%05d", 99_999), uintComponent("%020d", 1<<64-1)}, "", on(
			func(p string, v []any) threeNumbers {
				return threeNumbers{Owner: p, N: valueAt[int64](v, 0), Small: valueAt[uint64](v, 1), U: valueAt[uint64](v, 2)}
			},
			func(r *threeNumbers) []any { return []any{r.N, r.Small, r.U} })},
		{"time, then text", []string{"", "#", ""}, []component{at, short}, "", on(
			func(p string, v []any) nanosThenText {
				return nanosThenText{Owner: p, At: valueAt[time.Time](v, 0), ID: valueAt[string](v, 1)}
			},
			func(r *nanosThenText) []any { return []any{r.At, r.ID} })},
		{"milliseconds, then folded text", []string{"AT#", "#", ""}, []component{millis, lower}, "", on(
			func(p string, v []any) millisThenFolded {
				return millisThenFolded{Owner: p, At: valueAt[time.Time](v, 0), Name: valueAt[string](v, 1)}
			},
			func(r *millisThenFolded) []any { return []any{r.At, r.Name} })},
		{"folded text, then milliseconds", []string{"", "#AT#", ""}, []component{lower, millis}, "", on(
			func(p string, v []any) foldedThenMillis {
				return foldedThenMillis{Owner: p, Name: valueAt[string](v, 0), At: valueAt[time.Time](v, 1)}
			},
			func(r *foldedThenMillis) []any { return []any{r.Name, r.At} })},
		{"text, then hash", []string{"", "#H#", ""}, []component{short, hash}, "", on(
			func(p string, v []any) textThenHash {
				return textThenHash{Owner: p, ID: valueAt[string](v, 0), Secret: valueAt[string](v, 1)}
			},
			func(r *textThenHash) []any { return []any{r.ID, r.Secret} })},
		{"plain text", []string{"", ""}, []component{plainText()}, "S", on(
			func(p string, v []any) plainTextKey { return plainTextKey{PK: "P#" + p, SK: valueAt[string](v, 0)} },
			func(r *plainTextKey) []any { return []any{r.SK} })},
		{"plain number", []string{"", ""}, []component{plainInt()}, "N", on(
			func(p string, v []any) plainNumberKey { return plainNumberKey{PK: "P#" + p, SK: valueAt[int64](v, 0)} },
			func(r *plainNumberKey) []any { return []any{r.SK} })},
		{"plain bytes", []string{"", ""}, []component{plainBytes()}, "B", on(
			func(p string, v []any) plainBytesKey { return plainBytesKey{PK: "P#" + p, SK: valueAt[[]byte](v, 0)} },
			func(r *plainBytesKey) []any { return []any{r.SK} })},
		{"plain time", []string{"", ""}, []component{at}, "S", on(
			func(p string, v []any) plainTimeKey { return plainTimeKey{PK: "P#" + p, SK: valueAt[time.Time](v, 0)} },
			func(r *plainTimeKey) []any { return []any{r.SK} })},
	}
}
