package main

import (
	"cmp"
	"errors"
	"fmt"
	"log"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// keyPrefixes are how the partition keys of the items begin, with how many keys do: what comes behind is ids and digests.
func keyPrefixes(items []map[string]types.AttributeValue) (lines []string) {
	counts := map[string]int{}
	for _, item := range items {
		for _, key := range partitionKeys(item) {
			parts := strings.Split(key, "#")
			switch { // T, tenant, P, project, kind; or G, list
			case parts[0] == "T" && len(parts) > 5:
				parts = append(parts[:5], "...")
			case parts[0] == "G":
				parts = append(parts[:2], "...")
			}
			counts[strings.Join(parts, "#")]++
		}
	}
	for _, prefix := range slices.Sorted(maps.Keys(counts)) {
		lines = append(lines, fmt.Sprintf("%-30s %d", prefix, counts[prefix]))
	}
	return lines
}

// matches counts items, and those whose partition key matches a policy.
type matches struct{ all, matched int }

// leading matches the items of a tenant, and those of all others, with T#{id} and T#{id}#*, as StringLike does.
func leading(items []map[string]types.AttributeValue, id string) (own, others matches) {
	for _, item := range items {
		owner := cmp.Or(text(item["tenantID"]), text(item["id"])) // a tenant itself has its id alone
		side := &others
		if owner == id {
			side = &own
		}
		side.all++
		if key := text(item["PK"]); key == "T#"+id || strings.HasPrefix(key, "T#"+id+"#") {
			side.matched++
		}
	}
	return own, others
}

// atOnce makes calls at the same time.
func atOnce(calls ...func() error) (errs []error) {
	var running sync.WaitGroup
	start := make(chan struct{})
	errs = make([]error, len(calls))
	for i, call := range calls {
		running.Go(func() {
			<-start
			errs[i] = call()
		})
	}
	close(start)
	running.Wait()
	return errs
}

// count counts the errors that match target; nil matches nil.
func count(errs []error, target error) (n int) {
	for _, err := range errs {
		if errors.Is(err, target) {
			n++
		}
	}
	return n
}

// partitionKeys are those of an item in the table and in its indexes.
func partitionKeys(item map[string]types.AttributeValue) (keys []string) {
	for _, name := range []string{"PK", "GSI1PK", "GSI2PK"} {
		if key := text(item[name]); key != "" {
			keys = append(keys, key)
		}
	}
	return keys
}

func text(value types.AttributeValue) string {
	if value, ok := value.(*types.AttributeValueMemberS); ok {
		return value.Value
	}
	return ""
}

func step(number int, title string) {
	if number > 1 {
		fmt.Println()
	}
	fmt.Printf("%d. %s\n", number, title)
}

func why(lines ...string) {
	for _, line := range lines {
		fmt.Println("   > " + line)
	}
}
func row(what string, is any)            { fmt.Printf("   %-28s %v\n", what, is) }
func second[T any](_ T, err error) error { return err }
func check(err error)                    { _ = must(0, err) }
func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}
