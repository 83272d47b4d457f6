package schema

// Named is a model that others embed.
type Named struct {
	_ Entity `theorydb:"name:Named"`
	A string
}

// tagRefusals are models with a word that is not understood where it stands.
var tagRefusals = []refusal{
	{"a misspelt word", struct {
		ID string `theorydb:"pk"`
		A  string `theorydb:"encryptd"`
	}{}, "A", `unknown word "encryptd" (did you mean "encrypted"?)`, ErrInvalidTag},
	{"a misspelt word with a value", struct {
		ID string `theorydb:"pk"`
		A  string `theorydb:"encrypted:v1"`
	}{}, "A", `"encrypted" takes no value`, ErrInvalidTag},
	{"an unknown word with a value", struct {
		ID string `theorydb:"pk"`
		A  string `theorydb:"indx:gsi1"`
	}{}, "A", `did you mean "index"?`, ErrInvalidTag},
	{"a blank in front of a word", struct {
		ID string `theorydb:"pk, encrypted"`
	}{}, "ID", `unknown word " encrypted" (did you mean "encrypted"?)`, ErrInvalidTag},
	{"an empty word", struct {
		ID string `theorydb:"pk,"`
	}{}, "ID", "empty word", ErrInvalidTag},
	{"a word twice", struct {
		ID string `theorydb:"pk"`
		A  string `theorydb:"required,required"`
	}{}, "A", "twice", ErrInvalidTag},
	{"a word without its value", struct {
		ID string `theorydb:"pk"`
		A  string `theorydb:"attr:"`
	}{}, "A", "needs a value", ErrInvalidTag},
	{"version with another start", struct {
		ID string `theorydb:"pk"`
		V  int64  `theorydb:"version:2"`
	}{}, "V", "no value but 0", ErrInvalidTag},
	{"a reserved word", struct {
		ID string `theorydb:"pk"`
		A  string `theorydb:"encrypted,bind:role"`
	}{}, "A", `"bind:" is reserved`, ErrInvalidTag},
	{"a reserved word on the entity", struct {
		_  Entity `theorydb:"name:M,schema:2"`
		ID string `theorydb:"pk"`
	}{}, "_", "reserved", ErrInvalidTag},
	{"minus with another word", struct {
		ID string `theorydb:"pk"`
		A  string `theorydb:"-,encrypted"`
	}{}, "A", "with other words", ErrInvalidTag},
	{"another naming", struct {
		_  Entity `theorydb:"naming:kebab"`
		ID string `theorydb:"pk"`
	}{}, "_", "unknown naming", ErrInvalidTag},
	{"an unreadable projection", struct {
		_  Entity `theorydb:"project:gsi1"`
		ID string `theorydb:"pk"`
	}{}, "_", "project:INDEX=all", ErrInvalidTag},
	{"a projection of an unknown index", struct {
		_  Entity `theorydb:"name:M,project:gsi2=all"`
		ID string `theorydb:"pk"`
		A  string `theorydb:"index:gsi1"`
	}{}, "", `unknown index "gsi2" (did you mean "gsi1"?)`, ErrInvalidModel},
	{"a projection of an unknown attribute", struct {
		_     Entity `theorydb:"name:M,project:gsi1=emial"`
		ID    string `theorydb:"pk"`
		Email string `theorydb:"index:gsi1"`
	}{}, "", `"emial" (did you mean "email"?)`, ErrInvalidModel},
	{"a field's word on a Key", struct {
		_  Key `theorydb:"pk,encrypted" key:"A#{id}"`
		ID string
	}{}, "_", "no meaning on a Key", ErrInvalidTag},
	{"a Key without a template", struct {
		_  Key `theorydb:"pk"`
		ID string
	}{}, "_", "needs its template", ErrInvalidTag},
	{"a Key without a role", struct {
		_  Key `key:"A#{id}"`
		ID string
	}{}, "_", "needs a role", ErrInvalidTag},
	{"a Key with a name", struct {
		PK Key `key:"A#{id}"`
		ID string
	}{}, "PK", "must be a blank field", ErrInvalidTag},
	{"two Entities", struct {
		_  Entity `theorydb:"name:A"`
		_  Entity `theorydb:"append_only"`
		ID string `theorydb:"pk"`
	}{}, "_", "second Entity", ErrInvalidModel},
	{"an Entity of an embedded struct", struct {
		ID string `theorydb:"pk"`
		Named
	}{}, "Named._", "embedded", ErrInvalidModel},
	{"words on a blank field", struct {
		ID string `theorydb:"pk"`
		_  string `theorydb:"encrypted"`
	}{}, "_", "neither Entity nor Key", ErrInvalidTag},
	{"words on an unexported field", struct {
		ID     string `theorydb:"pk"`
		secret string `theorydb:"encrypted"`
	}{}, "secret", "unexported", ErrInvalidTag},
	{"words on an embedded struct", struct {
		ID    string `theorydb:"pk"`
		Named `theorydb:"encrypted"`
	}{}, "Named", "no meaning on an embedded struct", ErrInvalidTag},
	{"no name for the entity", struct {
		ID string `theorydb:"pk"`
	}{}, "", "can't name an entity", ErrInvalidModel},
}
