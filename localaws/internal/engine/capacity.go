package engine

// Capacity units as the service counts them:
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html

// writeUnits is one unit for each KB begun, at least one.
func writeUnits(size int) float64 { return blocks(size, 1024) }

// readUnits is one unit for each 4 KB begun, at least one, and half of it for
// an eventually consistent read.
func readUnits(size int, consistent bool) float64 {
	units := blocks(size, 4096)
	if !consistent {
		units /= 2
	}
	return units
}

func blocks(size, block int) float64 {
	return float64(max(1, (size+block-1)/block))
}

// bill is the units that a request consumed, by what it read or wrote.
type bill struct {
	table   float64
	indexes map[*index]float64
}

func (b *bill) charge(x *index, units float64) {
	if units == 0 {
		return
	}
	if b.indexes == nil {
		b.indexes = map[*index]float64{}
	}
	b.indexes[x] += units
}

func (b *bill) total() float64 {
	total := b.table
	for _, units := range b.indexes {
		total += units
	}
	return total
}

// doubled are the units of the same in a transaction, which reads or writes
// every item twice.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html
func (b *bill) doubled() bill {
	twice := bill{table: 2 * b.table}
	for x, units := range b.indexes {
		twice.charge(x, 2*units)
	}
	return twice
}

// capacityAsked reads how much of its ConsumedCapacity a request wants to know.
func (r *request) capacityAsked() string {
	return r.oneOf("ReturnConsumedCapacity", "NONE", "TOTAL", "INDEXES")
}

// consumed is the ConsumedCapacity of a table; nil when the request did not
// ask for it. kinds are further names under which transactions report the
// units: ReadCapacityUnits or WriteCapacityUnits.
func (b *bill) consumed(asked, tableName string, kinds ...string) map[string]any {
	if asked == "NONE" {
		return nil
	}
	units := func(n float64) map[string]any {
		list := map[string]any{"CapacityUnits": n}
		for _, kind := range kinds {
			list[kind] = n
		}
		return list
	}
	capacity := units(b.total())
	capacity["TableName"] = tableName
	if asked == "TOTAL" {
		return capacity
	}
	capacity["Table"] = units(b.table)
	for x, n := range b.indexes {
		kind := "GlobalSecondaryIndexes"
		if x.local {
			kind = "LocalSecondaryIndexes"
		}
		arms, _ := capacity[kind].(map[string]any)
		if arms == nil {
			arms = map[string]any{}
			capacity[kind] = arms
		}
		arms[x.name] = units(n)
	}
	return capacity
}

// withCapacity adds the ConsumedCapacity to an answer if it was asked for,
// and notes it in the log.
func withCapacity(answer map[string]any, r *request, call *Call, tableName string, units bill) map[string]any {
	call.Capacity = units.total()
	if c := units.consumed(r.capacityAsked(), tableName); c != nil {
		answer["ConsumedCapacity"] = c
	}
	return answer
}

// bills are the units that a batch or a transaction consumed, by table, in the
// order in which the request names the tables.
type bills struct {
	tables []*table
	units  map[*table]*bill
}

func (b *bills) add(t *table, units bill) {
	if b.units == nil {
		b.units = map[*table]*bill{}
	}
	sum := b.units[t]
	if sum == nil {
		sum = &bill{}
		b.tables, b.units[t] = append(b.tables, t), sum
	}
	sum.table += units.table
	for x, n := range units.indexes {
		sum.charge(x, n)
	}
}

// withCapacities is withCapacity for a batch or a transaction.
func (b *bills) withCapacities(answer map[string]any, r *request, call *Call, kinds ...string) map[string]any {
	asked := r.capacityAsked()
	list := []any{}
	for _, t := range b.tables {
		units := b.units[t]
		call.Capacity += units.total()
		if c := units.consumed(asked, t.name, kinds...); c != nil {
			list = append(list, c)
		}
	}
	if asked != "NONE" {
		answer["ConsumedCapacity"] = list
	}
	return answer
}
