package godriver

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/contracttest/protocol"
)

// attribute is what a model document says about an attribute.
type attribute struct {
	Attribute string
	Type      string
	Format    string
	JSON      bool
	Roles     []string
}

// value turns a value of the protocol into what a caller in Go would hold. What does not fit is left as it is, so that the
// library gets to refuse it.
func (a attribute) value(value any) any {
	switch {
	case a.JSON:
		return protocol.JSONNumbers(value) // JSON text has numbers of its own
	case a.Type == "N":
		return a.number(value)
	}
	return value
}

func (a attribute) number(value any) any {
	digits, ok := value.(protocol.Number)
	if !ok {
		return value
	}
	switch a.Format {
	case "float":
		if f, err := strconv.ParseFloat(string(digits), 64); err == nil {
			return f
		}
	case "uint":
		if n, err := strconv.ParseUint(string(digits), 10, 64); err == nil {
			return n
		}
	case "int", "unix_seconds":
		if n, err := strconv.ParseInt(string(digits), 10, 64); err == nil {
			return n
		}
	}
	return value
}

// record turns an item of the protocol into a record.
func (m *model) record(item protocol.Item) theorydb.Record {
	record := make(theorydb.Record, len(item))
	for name, value := range item {
		record[name] = m.attributes[name].value(value)
	}
	return record
}

// item turns a record into an item of the protocol; nil where there is none.
func item(record *theorydb.Record) (protocol.Item, error) {
	if record == nil {
		return nil, nil
	}
	given := make(protocol.Item, len(*record))
	for name, value := range *record {
		var err error
		if given[name], err = neutral(value); err != nil {
			return nil, problem("the library gave %q as %v", name, err)
		}
	}
	return given, nil
}

// neutral turns a value of the library into one of the protocol.
func neutral(value any) (any, error) {
	switch v := value.(type) {
	case nil, string, bool, []byte, protocol.Number, []string, []protocol.Number, [][]byte:
		return v, nil
	case int64:
		return protocol.Number(strconv.FormatInt(v, 10)), nil
	case uint64:
		return protocol.Number(strconv.FormatUint(v, 10)), nil
	case float64:
		return protocol.Number(strconv.FormatFloat(v, 'g', -1, 64)), nil
	case json.Number:
		return protocol.Number(v), nil
	case time.Time:
		return v.Format(time.RFC3339Nano), nil
	case []any:
		list := make([]any, len(v))
		for i, element := range v {
			var err error
			if list[i], err = neutral(element); err != nil {
				return nil, err
			}
		}
		return list, nil
	case map[string]any:
		members := make(map[string]any, len(v))
		for name, member := range v {
			var err error
			if members[name], err = neutral(member); err != nil {
				return nil, err
			}
		}
		return members, nil
	}
	return nil, fmt.Errorf("a %T, which the protocol has no form for", value)
}
