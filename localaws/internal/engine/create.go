package engine

import (
	"fmt"
	"regexp"

	"github.com/theorydb/theorydb/localaws/internal/apierror"
	"github.com/theorydb/theorydb/localaws/internal/attribute"
)

var tableName = regexp.MustCompile(`^[A-Za-z0-9_.-]{3,255}$`)

// maxIndexes is the quota of indexes of one kind on a table; local ones are
// limited to 5: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html
const (
	maxGlobalIndexes = 20
	maxLocalIndexes  = 5
)

func (e *Engine) createTable(r *request, call *Call) (any, *apierror.Error) {
	name := r.required("TableName")
	call.Table = name
	r.checkName(name)
	kinds := r.attributeKinds()
	used := map[string]bool{}
	t := &table{
		name:       name,
		created:    e.now(),
		key:        r.keySchema(kinds, used),
		items:      newStore(e.seed),
		protected:  r.flag("DeletionProtectionEnabled"),
		definition: r.billing(),
		history:    map[position][]Version{},
	}
	t.id = fmt.Sprintf("%08x-0000-4000-8000-%012x", uint32(len(name)), t.created.UnixNano()&(1<<48-1)) //nolint:gosec // a name is short
	t.definition["AttributeDefinitions"] = r.fields["AttributeDefinitions"]
	e.addIndexes(t, r, "GlobalSecondaryIndexes", kinds, used)
	e.addIndexes(t, r, "LocalSecondaryIndexes", kinds, used)
	for attributeName := range kinds {
		if !used[attributeName] {
			r.refuse(apierror.Validation("One or more parameter values were invalid: Some AttributeDefinitions are not used. AttributeDefinitions: %s", attributeName))
		}
	}
	if err := r.failed(); err != nil {
		return nil, err
	}
	if e.tables[name] != nil {
		return nil, apierror.InUse("Cannot create preexisting table")
	}
	e.tables[name] = t
	return map[string]any{"TableDescription": t.describe()}, nil
}

func (r *request) checkName(name string) {
	if !tableName.MatchString(name) {
		r.refuse(apierror.Validation("Invalid table/index name.  Table/index names must be between 3 and 255 characters long, and may contain only the characters a-z, A-Z, 0-9, '_', '-', and '.'"))
	}
}

// attributeKinds reads AttributeDefinitions.
func (r *request) attributeKinds() map[string]attribute.Kind {
	kinds := map[string]attribute.Kind{}
	for _, definition := range r.objects("AttributeDefinitions") {
		name := definition.required("AttributeName")
		kind, _ := attribute.KindOf(definition.oneOf("AttributeType", "", "S", "N", "B"))
		if kind == 0 || kinds[name] != 0 {
			r.refuse(apierror.Validation("One or more parameter values were invalid: AttributeDefinitions has no type or two for attribute %s", name))
		}
		kinds[name] = kind
	}
	return kinds
}

// keySchema reads KeySchema and marks the attributes that it uses.
func (r *request) keySchema(kinds map[string]attribute.Kind, used map[string]bool) schema {
	var s schema
	elements := r.objects("KeySchema")
	if len(elements) < 1 || len(elements) > 2 {
		r.refuse(apierror.Validation("One or more parameter values were invalid: KeySchema must have one or two elements"))
		return schema{{}}
	}
	for i, element := range elements {
		name := element.required("AttributeName")
		want, limit := "HASH", maxPartitionKey
		if i == 1 {
			want, limit = "RANGE", maxSortKey
		}
		switch {
		case element.text("KeyType") != want:
			r.refuse(apierror.Validation("Invalid KeySchema: The key element at place %d is not a %s key type", i, want))
		case kinds[name] == 0:
			r.refuse(apierror.Validation("One or more parameter values were invalid: Some index key attributes are not defined in AttributeDefinitions. Keys: [%s]", name))
		case s.has(name):
			r.refuse(apierror.Validation("Both the Hash Key and the Range Key element in the KeySchema have the same name"))
		}
		used[name] = true
		s = append(s, keyAttribute{name: name, kind: kinds[name], limit: limit})
	}
	return s
}

// billing reads how the table is paid for, which changes nothing here.
func (r *request) billing() map[string]any {
	mode := r.oneOf("BillingMode", "PROVISIONED", "PAY_PER_REQUEST")
	throughput := r.object("ProvisionedThroughput")
	if mode == "PAY_PER_REQUEST" {
		if r.has("ProvisionedThroughput") {
			r.refuse(apierror.Validation("One or more parameter values were invalid: Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST"))
		}
		return map[string]any{
			"BillingModeSummary":    map[string]any{"BillingMode": mode},
			"ProvisionedThroughput": throughputOf(0, 0),
		}
	}
	read, write := throughput.atLeastOne("ReadCapacityUnits"), throughput.atLeastOne("WriteCapacityUnits")
	if read == 0 || write == 0 {
		r.refuse(apierror.Validation("One or more parameter values were invalid: ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED"))
	}
	return map[string]any{"ProvisionedThroughput": throughputOf(read, write)}
}

func throughputOf(read, write int) map[string]any {
	return map[string]any{"NumberOfDecreasesToday": 0, "ReadCapacityUnits": read, "WriteCapacityUnits": write}
}

// addIndexes reads the indexes of one kind.
func (e *Engine) addIndexes(t *table, r *request, parameter string, kinds map[string]attribute.Kind, used map[string]bool) {
	local := parameter == "LocalSecondaryIndexes"
	list := r.objects(parameter)
	limit := maxGlobalIndexes
	if local {
		limit = maxLocalIndexes
	}
	if len(list) > limit {
		r.refuse(apierror.Validation("One or more parameter values were invalid: %s count exceeds the per-table limit of %d", parameter, limit))
		return
	}
	for _, definition := range list {
		t.indexes = append(t.indexes, e.readIndex(t, definition, local, kinds, used))
	}
}

// readIndex reads the definition of an index that is to be added to the table.
func (e *Engine) readIndex(t *table, definition *request, local bool, kinds map[string]attribute.Kind, used map[string]bool) *index {
	x := &index{
		name:       definition.required("IndexName"),
		local:      local,
		key:        definition.keySchema(kinds, used),
		include:    map[string]bool{},
		items:      newStore(e.seed),
		definition: map[string]any{"KeySchema": definition.fields["KeySchema"], "Projection": definition.fields["Projection"]},
	}
	if !local {
		x.lag = e.lag
	}
	definition.checkName(x.name)
	x.readProjection(definition)
	if local && (len(x.key) != 2 || len(t.key) != 2 || x.key[0].name != t.key[0].name) {
		definition.refuse(apierror.Validation("One or more parameter values were invalid: Index KeySchema of local index %s must have the table's partition key and a sort key, and so must the table", x.name))
	}
	if other, err := t.index(x.name); err == nil {
		definition.refuse(apierror.Validation("One or more parameter values were invalid: Duplicate index name: %s", other.name))
	}
	return x
}

func (x *index) readProjection(definition *request) {
	projection := definition.object("Projection")
	x.projection = projection.oneOf("ProjectionType", "", "ALL", "KEYS_ONLY", "INCLUDE")
	names := projection.texts("NonKeyAttributes")
	for _, name := range names {
		x.include[name] = true
	}
	switch {
	case x.projection == "":
		definition.refuse(apierror.Validation("One or more parameter values were invalid: Unknown ProjectionType: null"))
	case x.projection == "INCLUDE" && len(names) == 0:
		definition.refuse(apierror.Validation("One or more parameter values were invalid: ProjectionType is INCLUDE, but NonKeyAttributes is not specified"))
	case x.projection != "INCLUDE" && len(names) > 0:
		definition.refuse(apierror.Validation("One or more parameter values were invalid: ProjectionType is %s, but NonKeyAttributes is specified", x.projection))
	}
}
