package engine

import (
	"maps"
	"slices"
	"strings"

	"github.com/theorydb/theorydb/localaws/internal/apierror"
)

// arnPrefix is where this engine's tables live.
const arnPrefix = "arn:aws:dynamodb:us-east-1:000000000000:table/"

// tableOf reads TableName, a name or an ARN, and gives that table; nil when
// the request has failed.
func (e *Engine) tableOf(r *request, call *Call) *table {
	name := r.required("TableName")
	call.Table = strings.TrimPrefix(name, arnPrefix)
	return e.tableNamed(r, name)
}

// tableNamed gives the table of that name or ARN; nil when the request has
// failed.
func (e *Engine) tableNamed(r *request, name string) *table {
	if r.failed() != nil {
		return nil
	}
	name = strings.TrimPrefix(name, arnPrefix)
	t := e.tables[name]
	if t == nil {
		r.checkName(name)
		r.refuse(apierror.NotFound("Requested resource not found: Table: %s not found", name))
	}
	return t
}

func (e *Engine) describeTable(r *request, call *Call) (any, *apierror.Error) {
	t := e.tableOf(r, call)
	if err := r.failed(); err != nil {
		return nil, err
	}
	return map[string]any{"Table": t.describe()}, nil
}

func (e *Engine) deleteTable(r *request, call *Call) (any, *apierror.Error) {
	t := e.tableOf(r, call)
	if err := r.failed(); err != nil {
		return nil, err
	}
	if t.protected {
		return nil, apierror.Validation("Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.")
	}
	delete(e.tables, t.name)
	description := t.describe()
	description["TableStatus"] = "DELETING"
	return map[string]any{"TableDescription": description}, nil
}

func (e *Engine) listTables(r *request, _ *Call) (any, *apierror.Error) {
	limit := r.atLeastOne("Limit")
	after := r.text("ExclusiveStartTableName")
	if limit > 100 {
		r.refuse(apierror.Validation("1 validation error detected: Value at 'limit' failed to satisfy constraint: Member must have value less than or equal to 100"))
	}
	if err := r.failed(); err != nil {
		return nil, err
	}
	if limit == 0 {
		limit = 100
	}
	names := slices.Sorted(maps.Keys(e.tables))
	at, found := slices.BinarySearch(names, after)
	if found {
		at++
	}
	names = names[at:]
	if len(names) <= limit {
		return map[string]any{"TableNames": append([]string{}, names...)}, nil
	}
	return map[string]any{"TableNames": names[:limit], "LastEvaluatedTableName": names[limit-1]}, nil
}

// describe gives the TableDescription.
func (t *table) describe() map[string]any {
	count, bytes := t.items.size()
	description := map[string]any{
		"TableName":                 t.name,
		"TableStatus":               "ACTIVE",
		"TableArn":                  arnPrefix + t.name,
		"TableId":                   t.id,
		"CreationDateTime":          float64(t.created.UnixMilli()) / 1000,
		"KeySchema":                 t.key.describe(),
		"ItemCount":                 count,
		"TableSizeBytes":            bytes,
		"DeletionProtectionEnabled": t.protected,
	}
	maps.Copy(description, t.definition)
	for _, x := range t.indexes {
		parameter := "GlobalSecondaryIndexes"
		if x.local {
			parameter = "LocalSecondaryIndexes"
		}
		list, _ := description[parameter].([]any)
		description[parameter] = append(list, x.describe(t))
	}
	return description
}

func (x *index) describe(t *table) map[string]any {
	count, bytes := x.items.size()
	description := map[string]any{
		"IndexName":      x.name,
		"IndexArn":       arnPrefix + t.name + "/index/" + x.name,
		"ItemCount":      count,
		"IndexSizeBytes": bytes,
	}
	maps.Copy(description, x.definition)
	if !x.local {
		description["IndexStatus"] = "ACTIVE"
		description["ProvisionedThroughput"] = throughputOf(0, 0)
	}
	return description
}

func (s schema) describe() []any {
	roles := []string{"HASH", "RANGE"}
	list := make([]any, len(s))
	for i, k := range s {
		list[i] = map[string]any{"AttributeName": k.name, "KeyType": roles[i]}
	}
	return list
}
