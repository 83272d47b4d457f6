package localaws

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
)

// unprocessed is where the answer to a batch has what was thrown back.
var unprocessed = map[string]string{"BatchGetItem": "UnprocessedKeys", "BatchWriteItem": "UnprocessedItems"}

// ThrowBack has part of a BatchGetItem or BatchWriteItem thrown back: the puts,
// deletes or keys for which takes gives true do not reach the endpoint, and the
// answer has them among its UnprocessedItems or UnprocessedKeys, with those of
// the endpoint. i counts from 0 through the tables in the order of their names,
// and for each through its list. takes may take all, and then the endpoint is
// not asked. The rule matches no other operation, and no batch of which takes
// takes nothing. takes is asked once about each, for every batch that the rule
// would match, with a lock held, and may not send requests.
//
// What takes leaves is another request than the one that was signed, which an
// endpoint that checks signatures refuses. The engine and DynamoDB Local check
// none.
//
//	faults.On("BatchWriteItem").ThrowBack(func(i int) bool { return i%2 == 1 })
func (r *Rule) ThrowBack(takes func(i int) bool) *Rule {
	return r.doesTo("ThrowBack", func(request Request) effect {
		member := unprocessed[request.Operation]
		if member == "" {
			return nil
		}
		content := decodeObject(request.Body)
		kept, back := split(content["RequestItems"], takes)
		if len(back) == 0 {
			return nil
		}
		return func(next HTTPClient, request *http.Request, _ []byte) (*http.Response, error) {
			if len(kept) == 0 {
				return nothingDone(request, member, back)
			}
			content["RequestItems"] = kept
			return sendRest(next, request, content, member, back)
		}
	})
}

// sendRest sends what was not thrown back of a batch, and adds what was to the
// answer.
func sendRest(next HTTPClient, request *http.Request, content map[string]any, member string, back map[string]any) (*http.Response, error) {
	rest, err := json.Marshal(content)
	if err != nil {
		return nil, fmt.Errorf("localaws: encode the rest of a batch: %w", err)
	}
	response, answer, err := forward(next, request, rest)
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		return newResponse(request, response.StatusCode, response.Header, answer), nil
	}
	merged := decodeObject(answer)
	if merged == nil {
		return nil, fmt.Errorf("localaws: the answer to a %s is not a JSON object", operationOf(request))
	}
	merged[member] = join(merged[member], back)
	return jsonResponse(request, response.StatusCode, response.Header, merged)
}

// nothingDone is the answer to a batch that was thrown back as a whole.
func nothingDone(request *http.Request, member string, back map[string]any) (*http.Response, error) {
	content := map[string]any{member: back}
	if member == "UnprocessedKeys" {
		content["Responses"] = map[string]any{}
	}
	return jsonResponse(request, http.StatusOK, faultHeader(dynamoDBType), content)
}

// split divides the RequestItems of a batch into what the endpoint gets and
// what is thrown back.
func split(requestItems any, takes func(i int) bool) (kept, back map[string]any) {
	kept, back = map[string]any{}, map[string]any{}
	tables, _ := requestItems.(map[string]any)
	i := 0
	for _, name := range slices.Sorted(maps.Keys(tables)) {
		var stays, goes []any
		for _, one := range listIn(tables[name]) {
			if takes(i) {
				goes = append(goes, one)
			} else {
				stays = append(stays, one)
			}
			i++
		}
		if len(goes) == 0 {
			kept[name] = tables[name] // as it is, even without a list
			continue
		}
		back[name] = withList(tables[name], goes)
		if len(stays) > 0 {
			kept[name] = withList(tables[name], stays)
		}
	}
	return kept, back
}

// join adds what was thrown back to what the endpoint left over itself.
func join(left any, back map[string]any) map[string]any {
	all := map[string]any{}
	tables, _ := left.(map[string]any)
	maps.Copy(all, tables)
	for name, entry := range back {
		if own, both := all[name]; both {
			entry = withList(own, append(slices.Clone(listIn(own)), listIn(entry)...))
		}
		all[name] = entry
	}
	return all
}

// listIn gives the requests in a table's entry: the entry itself in a
// BatchWriteItem, its Keys in a BatchGetItem.
func listIn(entry any) []any {
	if object, ok := entry.(map[string]any); ok {
		entry = object["Keys"]
	}
	list, _ := entry.([]any)
	return list
}

// withList gives the entry with another list, and what else it says unchanged.
func withList(entry any, list []any) any {
	object, ok := entry.(map[string]any)
	if !ok {
		return list
	}
	other := maps.Clone(object)
	other["Keys"] = list
	return other
}

// decodeObject reads a JSON object and keeps its numbers as they are written;
// nil when it is none.
func decodeObject(content []byte) map[string]any {
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.UseNumber()
	var object map[string]any
	if decoder.Decode(&object) != nil {
		return nil
	}
	return object
}
