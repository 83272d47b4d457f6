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

// consumed is the ConsumedCapacity of an answer; nil when the request did not
// ask for it.
func (b *bill) consumed(r *request, tableName string) map[string]any {
	asked := r.oneOf("ReturnConsumedCapacity", "NONE", "TOTAL", "INDEXES")
	if asked == "NONE" {
		return nil
	}
	capacity := map[string]any{"TableName": tableName, "CapacityUnits": b.total()}
	if asked == "TOTAL" {
		return capacity
	}
	capacity["Table"] = map[string]any{"CapacityUnits": b.table}
	for x, units := range b.indexes {
		kind := "GlobalSecondaryIndexes"
		if x.local {
			kind = "LocalSecondaryIndexes"
		}
		arms, _ := capacity[kind].(map[string]any)
		if arms == nil {
			arms = map[string]any{}
			capacity[kind] = arms
		}
		arms[x.name] = map[string]any{"CapacityUnits": units}
	}
	return capacity
}

// withCapacity adds the ConsumedCapacity to an answer if it was asked for,
// and notes it in the log.
func withCapacity(answer map[string]any, r *request, call *Call, tableName string, units bill) map[string]any {
	call.Capacity = units.total()
	if c := units.consumed(r, tableName); c != nil {
		answer["ConsumedCapacity"] = c
	}
	return answer
}
